// `npm run faults`: kills at random moments, 1,000 for backups and 200 for restores; `--short` with fewer, for every test run.
import { spawnSync } from 'node:child_process';

const [backupKills, restoreKills] = process.argv.includes('--short') ? [50, 20] : [1000, 200];
const env = { ...process.env, DBBACKUP_BACKUP_KILLS: String(backupKills), DBBACKUP_RESTORE_KILLS: String(restoreKills) };
const { status } = spawnSync('mocha', ['test/faults/**/*.test.ts'], {
  env,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;
