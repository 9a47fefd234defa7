import { cpSync, readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

// Packages with a bundle of their own, by what sources import with `import()`: loaded when used, and shared by the job process and the
// command line. One line for each driver.
const packages = {
  execa: 'execa',
  'mysql2/promise': 'mysql2',
  pg: 'pg',
};

// The command line's program has a file of its own too, so that its entry can ask Node to keep it compiled before it loads it.
const apart = {
  name: 'apart',
  setup(build) {
    const whenUsed = (filter, nameOf) =>
      build.onResolve({ filter }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path: `./${nameOf(path)}.js`, external: true } : undefined,
      );
    whenUsed(/\/program\.ts$/, () => 'program');
    whenUsed(/\/driver\.ts$/, () => 'mongodb');
    // What speaks BSON and the driver share one copy.
    build.onResolve({ filter: /^bson$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './bson.js', external: true },
    );
    whenUsed(new RegExp(`^(${Object.keys(packages).join('|')})$`), (path) => packages[path]);
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
    { in: 'src/extension.ts', out: 'extension' },
    { in: 'src/jobProcess.ts', out: 'jobProcess' },
    { in: 'src/sqliteWorker.ts', out: 'sqliteWorker' },
    { in: 'src/cli.ts', out: 'cli' },
    { in: 'src/cli/program.ts', out: 'program' },
    { in: 'src/connectors/mongodb/driver.ts', out: 'mongodb' },
    { in: 'bson', out: 'bson' },
    ...Object.entries(packages).map(([path, out]) => ({ in: path, out })),
  ],
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
