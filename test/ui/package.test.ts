import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { before, describe, it } from 'mocha';
import { thisTarget } from '../../scripts/package.ts';
import { productPackage } from '../helpers/packages.ts';
import { zipEntries } from '../helpers/zipEntries.ts';

const fileList = new URL('../fixtures/package-files.txt', import.meta.url);

describe('the package', function () {
  this.timeout(120_000);
  let file = '';

  before(async () => {
    file = await productPackage();
  });

  it('holds exactly the files of test/fixtures/package-files.txt', () => {
    const expected = readFileSync(fileList, 'utf8').replace('<target>', thisTarget().replace('alpine', 'linuxmusl'));
    const actual = zipEntries(file).map(({ path }) => path);
    assert.deepEqual(actual.sort(), expected.trim().split('\n').sort());
  });

  it('is at most 3 MiB', () => {
    assert.ok(statSync(file).size <= 3 * 1024 * 1024, `${statSync(file).size} bytes`);
  });

  it('has an extension bundle of at most 300 KiB', () => {
    const bundle = zipEntries(file).find(({ path }) => path === 'extension/dist/extension.js');
    assert.ok(bundle !== undefined && bundle.sizeBytes <= 300 * 1024, `${bundle?.sizeBytes} bytes`);
  });
});
