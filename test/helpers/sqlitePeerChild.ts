// Another program that uses an SQLite database: runs what its standard input asks for, one JSON object per line.
// argv: path of the database.
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import * as z from 'zod';

const database = new Database(process.argv[2] ?? '', { fileMustExist: true, timeout: 10_000 });
let commits = 0;
let timer: NodeJS.Timeout | undefined;

const requests: Record<string, (value: string) => unknown> = {
  exec: (sql) => void database.exec(sql),
  all: (sql) => database.prepare(sql).raw().all(),
  // Commits one row each so many milliseconds, into a table of its own.
  commitEvery: (milliseconds) => {
    database.exec('CREATE TABLE IF NOT EXISTS traffic (id INTEGER PRIMARY KEY, at TEXT)');
    const insert = database.prepare(`INSERT INTO traffic (at) VALUES (datetime('now'))`);
    timer = setInterval(() => (insert.run(), commits++), Number(milliseconds));
  },
  commits: () => commits,
  stop: () => clearInterval(timer),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, value] = z.tuple([z.string(), z.string()]).parse(JSON.parse(line));
  process.stdout.write(`${answer(name, value)}\n`);
});

function answer(name: string, value: string): string {
  try {
    return JSON.stringify({ value: requests[name]?.(value) ?? null });
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
}
