import { parentPort, workerData } from 'node:worker_threads';
import { serve } from './connectors/sqlite/serve.ts';
import { servePartner } from './connectors/sqlite/sql/partnerThread.ts';

/** Entry of the threads in which SQLite runs: its calls block, and nobody can be heard meanwhile. */
const memory: unknown = workerData;
if (parentPort !== null && memory instanceof SharedArrayBuffer) servePartner(parentPort, memory);
else if (parentPort !== null) serve(parentPort);
