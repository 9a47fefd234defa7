import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

// Compiled better-sqlite3 looks for `../prebuilds/<target>.node` from the bundle. One target is packaged; a checkout gets all.
const target = process.env['DBBACKUP_TARGET'];

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/extension.ts', 'src/jobProcess.ts', 'src/sqliteWorker.ts', 'src/cli.ts'],
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  minify: true,
  external: ['vscode'],
  // A CommonJS bundle has no import.meta.url; sources use it to find the files beside them.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  logLevel: 'warning',
});

rmSync('prebuilds', { recursive: true, force: true });
mkdirSync('prebuilds');
for (const name of readdirSync('node_modules/better-sqlite3/prebuilds')) {
  if (target === undefined || name === `${target}.node`) cpSync(`node_modules/better-sqlite3/prebuilds/${name}`, `prebuilds/${name}`);
}
