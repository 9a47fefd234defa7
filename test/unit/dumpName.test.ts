import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { dateFormatProblem, formatDate } from '../../src/core/dateFormat.ts';
import { dumpFileName, nameMatches, safeName, templateProblem } from '../../src/core/dumpName.ts';

const template = '{databasename}-{servername}-{datetime}.{extension}';
const dateFormat = '%Y-%m-%d-%H%M%S';
const parts = {
  alias: 'default',
  servername: 'laptop',
  date: new Date('2025-03-09T04:05:06.789Z'),
  dateFormat,
  extension: 'sqlite3',
  compression: 'none',
} as const;

describe('dumpFileName', () => {
  it('fills the template in, with the date in UTC', () => {
    assert.equal(dumpFileName(template, parts), 'default-laptop-2025-03-09-040506.sqlite3');
  });

  it('adds the ending of the compression', () => {
    assert.equal(dumpFileName(template, { ...parts, compression: 'gzip' }), 'default-laptop-2025-03-09-040506.sqlite3.gz');
    assert.equal(dumpFileName(template, { ...parts, compression: 'zstd' }), 'default-laptop-2025-03-09-040506.sqlite3.zst');
  });

  it('puts the number of a taken name before the extension, or at the end where the template has none', () => {
    assert.equal(dumpFileName(template, { ...parts, attempt: 2 }), 'default-laptop-2025-03-09-040506-2.sqlite3');
    assert.equal(dumpFileName('{extension}.{databasename}', { ...parts, attempt: 3 }), 'sqlite3.default-3');
  });

  it('makes one safe base name of whatever the alias, the server, the branch and the extension hold', () => {
    const hostile = [
      '../../etc/passwd',
      '.hidden',
      'a/b\\c',
      '-rf',
      'x\u0000y',
      '\u202etxt.exe',
      '*',
      '',
      'ü'.repeat(300),
      '$(reboot)',
      'a\nb',
    ];
    for (const text of hostile) {
      const name = dumpFileName('{databasename}_{servername}_{gitbranch}_{datetime}.{extension}', {
        ...parts,
        alias: text,
        servername: text,
        gitbranch: text,
        extension: text,
      });
      assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._+-]{0,220}$/, JSON.stringify(text));
    }
  });

  it('is at most 255 bytes long and keeps different names different', () => {
    const long = '{databasename}'.concat('x'.repeat(66), '{servername}{gitbranch}{datetime}.{extension}');
    const names = ['a', 'b'].map((end) =>
      dumpFileName(long, {
        ...parts,
        alias: 'n'.repeat(80) + end,
        servername: 's'.repeat(99),
        gitbranch: 'g'.repeat(99),
        compression: 'zstd',
        attempt: 99,
      }),
    );
    assert.ok(names.every((name) => name.length <= 240));
    assert.equal(new Set(names).size, 2);
  });

  it('is never hidden', () => {
    assert.equal(dumpFileName('{datetime}', { ...parts, dateFormat: '...%Y' }), '2025');
    assert.equal(dumpFileName('{datetime}', { ...parts, dateFormat: '...' }), 'dump');
  });
});

describe('safeName', () => {
  it('leaves a safe alias as it is and gives a changed one a hash', () => {
    assert.equal(safeName('app_2.main-db'), 'app_2.main-db');
    assert.match(safeName('my shop'), /^my-shop-[0-9a-f]{10}$/);
    assert.match(safeName('NUL'), /^NUL-[0-9a-f]{10}$/);
  });

  it('gives no two aliases the same name, not even with the safe name of another', () => {
    const aliases = [
      'my shop',
      'my-shop',
      'my/shop',
      'my\\shop',
      ' my shop',
      'my.shop',
      safeName('my shop'),
      'a'.repeat(81),
      'a'.repeat(82),
      'a'.repeat(83),
    ];
    const names = [...aliases, ...aliases.map(safeName).filter((name) => !aliases.includes(name))].map(safeName);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.every((name) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/.test(name)));
  });
});

describe('templateProblem', () => {
  it('accepts the default and templates with any of the tokens', () => {
    for (const good of [template, '{databasename}', 'backup_{gitbranch}+{databasename}.{extension}'])
      assert.equal(templateProblem(good), undefined);
  });

  it('names what is wrong', () => {
    const bad = [
      '',
      '{databasename',
      'a}',
      '{date}',
      '{DATABASENAME}',
      '{databasename}/{datetime}',
      '..\\{datetime}',
      '.{datetime}',
      '{datetime}{datetime}',
      'a b',
      '{datetime}:x',
      'x'.repeat(99),
    ];
    for (const template of bad) assert.notEqual(templateProblem(template), undefined, template);
    assert.match(templateProblem('{date}-x') ?? '', /\{date\}/);
  });
});

describe('dateFormatProblem and formatDate', () => {
  it('render the tokens of strftime in UTC, as date(1) does', () => {
    const at = (iso: string, format: string): string => formatDate(format, new Date(iso));
    assert.equal(at('2025-03-09T04:05:06.789Z', '%Y %y %m %d %H %I %M %S %f %j %p'), '2025 25 03 09 04 04 05 06 789000 068 AM');
    assert.equal(
      at('2025-03-09T16:05:06Z', '%A %a %B %b %h %u %w %z %Z %F %s %-d %-I'),
      'Sunday Sun March Mar Mar 7 0 +0000 UTC 2025-03-09 1741536306 9 4',
    );
    // date -u -d … '+%U %W %V %G'
    assert.equal(at('2024-12-30T00:00:00Z', '%U %W %V %G'), '52 53 01 2025');
    assert.equal(at('2021-01-03T00:00:00Z', '%U %W %V %G'), '01 00 53 2020');
    assert.equal(at('2025-01-01T00:00:00Z', '%I %j %U %W'), '12 001 00 00');
  });

  it('refuse what they do not know and what a file name cannot hold', () => {
    for (const bad of ['', '%Q', '%Y-%', '%-', '%T', '%H:%M', '%Y/%m', '%Y %m', '%%', 'é', '%\n', '%Y'.repeat(40)]) {
      assert.notEqual(dateFormatProblem(bad), undefined, bad);
    }
    assert.equal(dateFormatProblem(dateFormat), undefined);
    assert.equal(dateFormatProblem('%Y%m%dT%H%M%SZ'), undefined);
  });
});

describe('nameMatches', () => {
  it('D5: the dumps of alias app2 are not those of alias app', () => {
    const name = dumpFileName(template, { ...parts, alias: 'app2' });
    assert.equal(nameMatches(template, dateFormat, 'app2', name), true);
    assert.equal(nameMatches(template, dateFormat, 'app', name), false);
    assert.equal(nameMatches(template, dateFormat, 'pp2', name), false);
    assert.equal(nameMatches(template, dateFormat, '.*', name), false);
  });

  it('knows every name that dumpFileName makes', () => {
    for (const alias of ['default', 'a b', 'x.y', 'ü']) {
      for (const pattern of [
        template,
        '{datetime}+{databasename}',
        '{gitbranch}_{databasename}_{datetime}_{servername}.{extension}',
      ]) {
        for (const format of [dateFormat, '%a-%d.%b.%Y_%p%-I%z', '%s']) {
          const name = dumpFileName(pattern, {
            ...parts,
            alias,
            dateFormat: format,
            compression: 'gzip',
            attempt: 12,
            gitbranch: 'feature/cart',
          });
          assert.equal(nameMatches(pattern, format, alias, name), true, name);
        }
      }
    }
  });

  it('matches nothing for an invalid template, or one without the alias', () => {
    assert.equal(nameMatches('{nope}', dateFormat, 'a', 'a'), false);
    assert.equal(nameMatches('{datetime}', '%Y', 'a', '2025'), false);
    assert.equal(nameMatches('{databasename}-{datetime}', '%Q', 'a', 'a-2025'), false);
  });
});
