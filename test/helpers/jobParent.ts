// A parent to be killed: starts a job, says its process id once the job has begun its work, and waits.
import { fork } from 'node:child_process';
import { jobOptions } from '../../src/channel/client.ts';
import { jobRequestSchema } from '../../src/core/job.ts';
import { protocolVersion } from '../../src/channel/protocol.ts';

const [, , entry = '', request = ''] = process.argv;
const job = fork(entry, [], jobOptions);
job.send({ kind: 'start', version: protocolVersion, request: jobRequestSchema.parse(JSON.parse(request)) });
job.once('message', () => process.send?.(job.pid));
