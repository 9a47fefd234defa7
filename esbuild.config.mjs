import { cpSync, readdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';

// Files of their own: the command line's program, so that its entry can ask Node to keep it compiled before it loads it; and what starts
// processes, which only one task of the SQLite thread needs.
const apart = {
  name: 'apart',
  setup(build) {
    build.onResolve({ filter: /\/(program|copyProcess)\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.js`, external: true } : undefined,
    );
  },
};

// Each import of an external module copies what it exports, some 600 names of VS Code's: all files share one copy.
const vscodeOnce = {
  name: 'vscode-once',
  setup(build) {
    build.onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === 'once' ? { path: 'vscode', external: true } : { path: 'vscode', namespace: 'once' },
    );
    build.onLoad({ filter: /.*/, namespace: 'once' }, () => ({ contents: "export * from 'vscode';" }));
  },
};

const { metafile } = await build({
  entryPoints: [
    'src/extension.ts',
    'src/jobProcess.ts',
    'src/sqliteWorker.ts',
    'src/cli.ts',
    'src/cli/program.ts',
    'src/connectors/sqlite/copyProcess.ts',
  ],
  entryNames: '[name]',
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  minify: true,
  // pg-native is an optional compiled part of pg, which is not used.
  external: ['pg-native'],
  plugins: [apart, vscodeOnce],
  // A bundle loads another by require: import() would start Node's loader of modules as well.
  supported: { 'dynamic-import': false },
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
