import type { Connector } from '../core/connector.ts';
import type { Database } from '../core/database.ts';
import { toFailure } from '../core/errors.ts';
import type { DescribedDatabase, RequestOf, ResultOf } from '../core/job.ts';
import type { ToolCall } from '../core/toolCall.ts';

/** Says what would be run for each database, without connecting. A connector that cannot be had is a problem of its database alone. */
export async function describeDatabases(
  request: RequestOf<'describe'>,
  connectorOf: (database: Database) => Promise<Connector>,
): Promise<ResultOf<'describe'>> {
  return {
    kind: 'describe',
    databases: await Promise.all(request.databases.map((database) => describeOne(database, connectorOf))),
  };
}

async function describeOne(
  database: Database,
  connectorOf: (database: Database) => Promise<Connector>,
): Promise<DescribedDatabase> {
  const { alias, folder, connector: name } = database;
  try {
    const connector = await connectorOf(database);
    const description = await connector.describe(database);
    return {
      alias,
      folder,
      connector: connector.name,
      tools: [...description.tools],
      dump: description.dump.map(masked),
      restore: description.restore.map(masked),
      problems: description.problems.map((problem) => ({ ...problem })),
    };
  } catch (error) {
    const { code, sentence, hint } = toFailure(error);
    const problem = { key: 'CONNECTOR', severity: 'error' as const, code, message: sentence, hint };
    return { alias, folder, connector: name, tools: [], dump: [], restore: [], problems: [problem] };
  }
}

function masked(call: ToolCall): DescribedDatabase['dump'][number] {
  const env = Object.fromEntries(
    Object.entries(call.env).map(([name, value]) => [name, call.secrets.includes(name) ? '***' : value]),
  );
  return { program: call.program, args: [...call.args], env };
}
