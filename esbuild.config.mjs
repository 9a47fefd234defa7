import { cpSync, readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { metafile } = await build({
  entryPoints: ['src/extension.ts', 'src/jobProcess.ts', 'src/sqliteWorker.ts', 'src/cli.ts'],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  minify: true,
  // pg-native is an optional compiled part of pg, which is not used.
  external: ['vscode', 'pg-native'],
  // jsonc-parser's CommonJS entry requires its own files in a way that cannot be bundled.
  mainFields: ['module', 'main'],
  // A CommonJS bundle has no import.meta.url; sources use it to find the files beside them.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  metafile: true,
  logLevel: 'warning',
});

// What an earlier build has left goes only now, so that a build that fails leaves the last good one.
for (const name of readdirSync('dist')) {
  if (!(`dist/${name}` in metafile.outputs)) rmSync(`dist/${name}`, { recursive: true });
}

// Compiled better-sqlite3 looks for `../prebuilds/<target>.node` from the bundle. One target is packaged; a checkout gets all.
cpSync('node_modules/better-sqlite3/prebuilds', 'prebuilds', { recursive: true });
