import { bin } from './postgresqlServer.ts';
import { makeRecordingTool, type RecordingTool } from './recordingTool.ts';

/** Runs the real tool with the variables that it is named and no other; in there, the server has a port of its own. */
const script = (port: number): string => `
  const names = argv.flatMap((word, at) => (argv[at - 1] === '-e' ? [word] : []));
  const env = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  if (env.PGPORT !== '5432' || env.PGHOST !== 'localhost') throw new Error('not the port inside');
  const rest = argv.slice(argv.indexOf('-T') + 2);
  const options = { env: { ...env, PGHOST: '127.0.0.1', PGPORT: '${port}' }, input: stdin, maxBuffer: 1e9 };
  const done = require('node:child_process').spawnSync('${bin}/' + rest[0], rest.slice(1), options);
  process.stdout.write(done.stdout); process.stderr.write(done.stderr); process.exitCode = done.status;`;

/** A stand-in for docker: PostgreSQL's programs in the container of a server, which listens on `port` out here. */
export function makeContainerTools(path: string, port: number): RecordingTool {
  return makeRecordingTool(path, { script: script(port) });
}

/** A compose file whose service has its PostgreSQL's port on a port of this machine. */
export function composeText(service: string, port: number): string {
  return `services:\n  ${service}:\n    image: postgres:15\n    ports: ["127.0.0.1:${port}:5432"]\n`;
}
