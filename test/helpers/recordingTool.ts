import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';

const callSchema = z.object({ argv: z.array(z.string()), env: z.record(z.string(), z.string()), stdin: z.string() });

/** What a recording tool was started with, item by item. */
export type RecordedCall = z.infer<typeof callSchema>;

/** A tiny program in the place of a real one. Its folder is part of its text, because its environment is what is tested. */
export interface RecordingTool {
  readonly path: string;
  /** In the order in which they ended. Calls with `--version` are left out. */
  calls(): readonly RecordedCall[];
}

/**
 * Makes a tool that records how it was started, then does what `script` says (JavaScript; `stdin` is a Buffer, `argv` an array).
 *
 * Shape: answers `--version` with `version`; without a script it copies its input to its output.
 */
export function makeRecordingTool(path: string, options: { version?: string; script?: string } = {}): RecordingTool {
  const { version = 'tool 15.0', script = 'process.stdout.write(stdin)' } = options;
  const folder = `${path}.calls`;
  mkdirSync(folder, { recursive: true });
  mkdirSync(dirname(path), { recursive: true });
  const program = `#!${process.execPath}
const fs = require('node:fs');
const argv = process.argv.slice(2);
if (argv.includes('--version')) { console.log(${JSON.stringify(version)}); process.exit(0); }
let stdin = Buffer.alloc(0);
try { stdin = fs.readFileSync(0); } catch {}
const name = process.hrtime.bigint().toString().padStart(20, '0');
fs.writeFileSync(${JSON.stringify(folder)} + '/' + name, JSON.stringify({ argv, env: process.env, stdin: stdin.toString('latin1') }));
${script};
`;
  writeFileSync(path, program);
  chmodSync(path, 0o755);
  return {
    path,
    calls: () =>
      readdirSync(folder)
        .toSorted()
        .map((name) => callSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))),
  };
}
