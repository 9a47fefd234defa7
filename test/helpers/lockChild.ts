// Adds one to a number in a file `rounds` times, each time under the lock: without mutual exclusion additions get lost.
// argv: state directory, file, rounds, or `hold` to take the lock and keep it until killed.
import { readFile, writeFile } from 'node:fs/promises';
import { withLock } from '../../src/system/lock.ts';

const [stateDirectory = '', file = '', rounds = ''] = process.argv.slice(2);
const request = {
  stateDirectory,
  key: 'sqlite:/work/db.sqlite3',
  label: 'db.sqlite3',
  purpose: 'the backup of default',
  waitMs: 60_000,
  signal: new AbortController().signal,
};

if (rounds === 'hold') {
  await withLock(request, async () => {
    process.stdout.write('held\n');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
} else {
  for (let round = 0; round < Number(rounds); round++) {
    await withLock(request, async () => {
      const count = Number(await readFile(file, 'utf8'));
      await new Promise((resolve) => setImmediate(resolve));
      await writeFile(file, String(count + 1));
    });
  }
}
