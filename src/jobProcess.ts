import { warmConnector } from './connectors/registry.ts';

/** Entry of the job process. The connector that the request will name, given as the argument, gets ready while the rest is loaded. */
const [, , connector] = process.argv;
void start();

async function start(): Promise<void> {
  if (connector !== undefined) await warmConnector(connector).catch(() => undefined);
  await import('./jobMessages.ts');
}
