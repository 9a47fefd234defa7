// `npm run demo`: the main job on SQLite, end to end, on a machine that has nothing but git, Node and npm.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectEnvironment, setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

setUp('basic');
const env = projectEnvironment();
for (const script of ['esbuild.config.mjs', join('scripts', 'demo.ts')]) {
  const { status } = spawnSync('node', [join(root, script)], { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
