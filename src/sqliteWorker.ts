import { parentPort } from 'node:worker_threads';
import { serve } from './connectors/sqlite/serve.ts';

/** Entry of the thread in which SQLite runs: its calls block, and nobody can be heard meanwhile. */
if (parentPort !== null) serve(parentPort);
