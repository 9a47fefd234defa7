import type { RequestOf, ResultOf } from '../core/job.ts';
import type { DatabaseJobContext } from './context.ts';

/** Connects to a database and looks at it. Errors: the connector's own, each with its next step. */
export async function inspect(request: RequestOf<'inspect'>, context: DatabaseJobContext): Promise<ResultOf<'inspect'>> {
  const { connector, run } = context;
  run.progress({ phase: 'preparing' });
  const { exists, serverVersion, contents } = await connector.inspect(request.database, context, run);
  const { tools } = await connector.describe(request.database);
  return { kind: 'inspect', exists, serverVersion, tables: contents.tables.length, tools: [...tools] };
}
