import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const serverMain = fileURLToPath(
  new URL('../.vscode-test/code-server/node_modules/code-server/lib/vscode/out/server-main.js', import.meta.url),
);

export type Settings = Readonly<Record<string, unknown>>;

/**
 * How to start VS Code's server.
 *
 * Shape: `folder` takes all that the server and its extensions write: user data, HOME and TMPDIR.
 */
export interface CodeServerOptions {
  readonly folder: string;
  readonly extensionsFolder: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running server. `authority` is `127.0.0.1:<port>`; `output` is what it has printed; `stop` ends all its processes. */
export interface CodeServer {
  readonly authority: string;
  output(): string;
  stop(): Promise<void>;
}

/** User settings that keep what is on the screen the same from run to run, and nothing but the workspace in it. */
export const quietSettings: Settings = {
  'workbench.editor.useModal': 'off',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  // The server would look through all processes for open ports every few seconds, in the extension host: 20 ms each time.
  'remote.autoForwardPorts': false,
};

/** Says whether `scripts/setup.mjs`, level `tests`, has installed the server. */
export function isCodeServerInstalled(): boolean {
  return existsSync(serverMain);
}

/**
 * Starts VS Code's server on a free loopback port.
 *
 * Shape:  who may open a window is for `flags` to say: `--without-connection-token` lets every user of the machine.
 * Errors: an Error with what the server printed, when it ends early or is not listening after 60 s.
 */
export async function startCodeServer(options: CodeServerOptions): Promise<CodeServer> {
  const flags = ['--host', '127.0.0.1', '--port', '0', '--telemetry-level', 'off'];
  const server = spawn(process.execPath, [serverMain, ...flags, ...commonFlags(options), ...(options.flags ?? [])], {
    env: serverEnvironment(options),
    // A group of its own, so that the extension hosts and terminals it starts end with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = server;
  const killGroup = (): void => kill(pid, 'SIGKILL');
  process.once('exit', killGroup);
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
  let printed = '';
  const port = await new Promise<string>((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`VS Code's server ${reason}:\n${printed}`));
    const timer = setTimeout(() => fail('was not ready after 60 s'), 60_000);
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const found = /listening on (\d+)/.exec(printed)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('error', reject);
    server.once('close', () => fail('ended'));
  }).catch((error: unknown) => {
    killGroup();
    throw error;
  });
  return {
    authority: `127.0.0.1:${port}`,
    output: () => printed,
    stop: async () => {
      kill(pid, 'SIGTERM');
      const timer = setTimeout(killGroup, 2000);
      await closed;
      clearTimeout(timer);
      killGroup();
      process.removeListener('exit', killGroup);
    },
  };
}

/** The address' query that opens a folder, a .code-workspace file, or an empty window. */
export function workspaceQuery(workspace: string | undefined): URLSearchParams {
  if (workspace === undefined) return new URLSearchParams({ ew: 'true' });
  return new URLSearchParams({ [statSync(workspace).isDirectory() ? 'folder' : 'workspace']: resolve(workspace) });
}

/** Installs packaged extensions into a folder that `startCodeServer` is given. `folder` takes what is written meanwhile. */
export function installExtensions(options: CodeServerOptions, packages: readonly string[]): void {
  const args = packages.flatMap((file) => ['--install-extension', file]);
  const result = spawnSync(process.execPath, [serverMain, ...commonFlags(options), ...args], {
    env: serverEnvironment(options),
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`Installing ${packages.join(', ')} failed:\n${result.stdout}${result.stderr}`);
}

/**
 * Writes the user's settings, over `quietSettings`, and the machine's, for a start with the same `folder`.
 *
 * A running window follows a later call by itself. Returns the user settings file.
 */
export function writeSettings(folder: string, user: Settings, machine: Settings): string {
  const userFolder = join(folder, 'user-data', 'User');
  const machineFolder = join(folder, 'user-data', 'Machine');
  for (const each of [userFolder, machineFolder]) mkdirSync(each, { recursive: true });
  writeFileSync(join(machineFolder, 'settings.json'), JSON.stringify(machine, undefined, 2));
  const file = join(userFolder, 'settings.json');
  writeFileSync(file, JSON.stringify({ ...quietSettings, ...user }, undefined, 2));
  return file;
}

function commonFlags({ folder, extensionsFolder }: CodeServerOptions): string[] {
  return ['--accept-server-license-terms', '--user-data-dir', join(folder, 'user-data'), '--extensions-dir', extensionsFolder];
}

/** The server would write into the user's own HOME otherwise. Variables of an editor around us are not its business. */
function serverEnvironment(options: CodeServerOptions): NodeJS.ProcessEnv {
  const home = join(options.folder, 'home');
  const temporary = join(options.folder, 'tmp');
  for (const folder of [home, temporary]) mkdirSync(folder, { recursive: true });
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|XDG_)/.test(name));
  return { ...Object.fromEntries(inherited), HOME: home, TMPDIR: temporary, ...options.environment };
}

function kill(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended already.
  }
}
