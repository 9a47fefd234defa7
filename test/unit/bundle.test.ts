import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, it } from 'mocha';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mayWait = ['zod', 'better-sqlite3'];

describe('the extension’s bundle', () => {
  it('loads neither schemas nor a database library while it activates', async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ['src/extension.ts'],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      mainFields: ['module', 'main'],
      external: ['vscode'],
      logLevel: 'silent',
    });
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const { path, kind, external } of metafile.inputs[file]?.imports ?? []) {
        if (kind === 'import-statement' && external !== true) load(path);
      }
    };
    load('src/extension.ts');
    assert.ok(loaded.has('src/shell/activate.ts'));
    const early = [...loaded].filter((file) => mayWait.some((name) => file.startsWith(`node_modules/${name}/`)));
    assert.deepEqual(early, []);
  });
});
