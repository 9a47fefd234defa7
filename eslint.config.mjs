import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * Who may import whom (ARCHITECTURE.md gives the reasons); what is not listed is forbidden, type imports included.
 * `ours` are paths below src, `outside` packages; `node:*` stands for all of Node.
 */
const rooms = {
  'core/**': { ours: ['core'], outside: ['zod', 'shlex', 'node:path', 'node:crypto'] },
  'dumps/**': { ours: ['core', 'dumps'], outside: ['node:*'] },
  'system/**': { ours: ['core', 'system'], outside: ['node:*', 'execa', 'js-yaml'] },
  'connectors/**': {
    ours: ['core', 'system', 'connectors'],
    outside: ['node:*', 'better-sqlite3', 'bson', 'mongodb', 'mongodb/lib/cmap/commands.js', 'mysql2/promise', 'pg', 'zod'],
  },
  'jobs/**': { ours: ['core', 'dumps', 'system', 'jobs'], outside: ['node:*'] },
  'perform.ts': { ours: ['core', 'connectors/registry.ts', 'jobs', 'system'], outside: [] },
  'sqliteWorker.ts': { ours: ['core', 'connectors/sqlite'], outside: ['node:*'] },
  'channel/**': { ours: ['core', 'channel'], outside: ['node:*', 'zod'] },
  'jobProcess.ts': { ours: ['connectors/registry.ts', 'jobMessages.ts', 'system/priority.ts'], outside: [] },
  'jobMessages.ts': { ours: ['core', 'channel/protocol.ts', 'perform.ts'], outside: ['node:*'] },
  'cli.ts': {
    ours: ['core', 'perform.ts', 'system/stateDirectory.ts', 'dumps/catalog.ts', 'cli'],
    outside: ['node:*', 'jsonc-parser', 'commander'],
  },
  'cli/**': {
    ours: ['core', 'perform.ts', 'system/stateDirectory.ts', 'dumps/catalog.ts', 'cli'],
    outside: ['node:*', 'jsonc-parser', 'commander'],
  },
  'contributions.ts': { ours: [], outside: [] },
  'shell/**': {
    ours: ['core', 'channel/client.ts', 'contributions.ts', 'dumps/catalog.ts', 'shell'],
    outside: ['vscode', 'jsonc-parser', 'node:path', 'node:url', 'node:fs', 'node:fs/promises', 'node:os'],
  },
  'extension.ts': { ours: ['shell/activate.ts'], outside: [] },
};

const asPattern = (name) => name.replaceAll('.', '\\.').replace('*', '.*');

const importTable = Object.entries(rooms).map(([files, { ours, outside }]) => ({
  files: [`src/${files}`],
  rules: {
    'import-x/no-restricted-paths': [
      'error',
      { zones: [{ target: `./src/${files}`, from: './src', except: ours.map((path) => `./${path}`) }] },
    ],
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(?!\\.{1,2}/${outside.map((name) => `|${asPattern(name)}$`).join('')})`,
            message: 'Not in the import table.',
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', '.vscode-test/', 'scripts/code-server/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })] },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector: "ImportDeclaration[source.value='zod'] > :matches(ImportSpecifier, ImportDefaultSpecifier)",
          message: "import * as z from 'zod': the named import does not shake out of the bundle.",
        },
      ],
    },
  },
  { files: ['src/**/*.ts'], rules: { 'max-lines': ['error', 300] } },
  ...importTable,
);
