import { warmConnector } from './connectors/registry.ts';
import { yieldToOthers } from './system/priority.ts';

/** Entry of the job process. The connector that the request will name, given as the argument, gets ready while the rest is loaded. */
const [, , connector] = process.argv;
yieldToOthers();
void start();

async function start(): Promise<void> {
  if (connector !== undefined) await warmConnector(connector).catch(() => undefined);
  await import('./jobMessages.ts');
}
