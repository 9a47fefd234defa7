import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { errorCodes } from '../../src/core/errors.ts';

const tests = fileURLToPath(new URL('..', import.meta.url));

describe('the codes of errors', () => {
  it('are each named by a test', () => {
    const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'));
    const text = files.map((name) => readFileSync(join(tests, name), 'utf8')).join('\n');
    assert.deepEqual(
      errorCodes.filter((code) => !text.includes(`'${code}'`)),
      [],
    );
  });
});
