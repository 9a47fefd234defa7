import { runProcess } from '../../system/process.ts';

// Ends itself when its standard input closes, that is, with its parent. The copy keeps the mode of a private file.
const script = `
const { chmodSync, constants, copyFile } = require('node:fs');
const [, source, destination] = process.argv;
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL')).resume();
copyFile(source, destination, constants.COPYFILE_FICLONE, (error) => {
  if (error === null) chmodSync(destination, 0o600);
  else process.stderr.write(error.code ?? error.message);
  process.exit(error === null ? 0 : 1);
});`;

/**
 * Copies a file that this process has open in SQLite: were it opened here as well, closing it would drop SQLite's locks (POSIX).
 *
 * Errors: BackupError 'disk.full', 'disk.noPermission', 'disk.readOnly' or 'sqlite.failed'; the signal's reason.
 */
export async function copyByOtherProcess(source: string, destination: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await runProcess(
    {
      program: process.execPath,
      args: ['-e', script, source, destination],
      env: { ELECTRON_RUN_AS_NODE: '1' },
      inheritEnv: false,
      stdin: 'held',
    },
    signal,
  );
  if (exitCode !== 0) throw copyFailure(stderr.trim());
}

function copyFailure(code: string): unknown {
  return Object.assign(new Error(`The copying process failed: ${code}`), { code: code === '' ? 'EIO' : code });
}
