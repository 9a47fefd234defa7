// `npm start`: opens VS Code with the sample workspace and this extension. The installed `code`, else one in the browser.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installExtensions, startCodeServer, writeSettings } from './codeServer.ts';
import { packageExtension } from './package.ts';
import { createSampleWorkspace } from './sample.ts';
import { describeMissing, setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'out', 'start');
const workspace = join(root, 'out', 'sample');

if (!existsSync(join(workspace, 'shop.sqlite3'))) createSampleWorkspace(workspace);
if (!openDesktop()) await openInBrowser();

/** Opens an installed VS Code, which returns at once; false where there is none. */
function openDesktop() {
  const args = ['--new-window', `--extensionDevelopmentPath=${root}`, workspace];
  const shell = process.platform === 'win32';
  return spawnSync('code', args, { stdio: 'inherit', shell }).status === 0;
}

async function openInBrowser() {
  const missing = setUp('server');
  if (missing.length > 0) {
    for (const each of missing) process.stdout.write(`${describeMissing(each)}\n`);
    process.exitCode = 1;
    return;
  }
  const extensionsFolder = join(folder, 'extensions');
  rmSync(extensionsFolder, { recursive: true, force: true });
  installExtensions({ folder, extensionsFolder }, [await packageExtension()]);
  writeSettings(folder, {}, {});
  // The token keeps the machine's other users out.
  const token = randomUUID();
  const flags = ['--connection-token', token, '--disable-workspace-trust'];
  const server = await startCodeServer({ folder, extensionsFolder, flags });
  process.stdout.write(
    `\nOpen http://${server.authority}/?${new URLSearchParams({ tkn: token, folder: workspace }).toString()}\n`,
  );
  process.stdout.write('Ctrl+C ends it.\n');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => void server.stop().then(() => process.exit(0)));
}
