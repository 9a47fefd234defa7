import { makeRecordingTool, type RecordingTool } from './recordingTool.ts';

/**
 * What the stand-in runs. `programs` is the folder of the real tools. `inside` (JavaScript) looks at what the tool would get in the container, and
 * may change it: `env`, `words` (the program first) and `input`, a Buffer.
 */
export interface Inside {
  readonly programs: string;
  readonly inside?: string;
}

/**
 * Makes a `docker` in the place of the real one: in the service that is named it runs the real tool with the variables that it is named and no other.
 *
 * Shape: the tool's standard input is a pipe, as it is in a container.
 */
export function makeContainerClient(path: string, { programs, inside = '' }: Inside): RecordingTool {
  const script = `
  const names = argv.flatMap((word, at) => (argv[at - 1] === '-e' ? [word] : []));
  const env = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  let words = argv.slice(argv.indexOf('-T') + 2);
  let input = stdin;
  ${inside}
  const options = { env: { ...env, PATH: ${JSON.stringify(`${programs}:/usr/bin:/bin`)} }, input, maxBuffer: 1e9 };
  const done = require('node:child_process').spawnSync('/bin/sh', ['-c', 'cat | "$0" "$@"', ...words], options);
  process.stdout.write(done.stdout); process.stderr.write(done.stderr); process.exitCode = done.status;`;
  return makeRecordingTool(path, { script });
}

/** For PostgreSQL's programs: in there, the server has a port of its own. */
export function postgresqlInside(port: number): string {
  return `
  if (env.PGPORT !== '5432' || env.PGHOST !== 'localhost') throw new Error('not the port inside');
  Object.assign(env, { PGHOST: '127.0.0.1', PGPORT: '${port}' });`;
}

/** A compose file whose service has its PostgreSQL's port on a port of this machine. */
export function composeText(service: string, port: number): string {
  return `services:\n  ${service}:\n    image: postgres:15\n    ports: ["127.0.0.1:${port}:5432"]\n`;
}
