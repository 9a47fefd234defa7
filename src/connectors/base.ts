import type {
  Connector,
  Description,
  DumpFacts,
  DumpOptions,
  Inspection,
  OpenDump,
  PreparedRestore,
  Workspace,
} from '../core/connector.ts';
import type { Database } from '../core/database.ts';
import type { Run } from '../core/run.ts';

/**
 * What every connector starts from: only the two dump methods are missing.
 *
 * Shape: the defaults describe a database that nothing is known of: no tools, no contents, other tables stay,
 * and only rolling back from the safety dump undoes a failed restore.
 */
export abstract class BaseDBConnector implements Connector {
  abstract readonly name: string;
  abstract readonly format: string;
  readonly extension: string = 'dump';
  readonly restoreSafety: Connector['restoreSafety'] = 'rollBack';
  readonly unlistedTables: Connector['unlistedTables'] = 'kept';

  get reads(): readonly string[] {
    return [this.format];
  }

  describe(database: Database): Promise<Description>;
  describe(): Promise<Description> {
    return Promise.resolve({ tools: [], dump: [], restore: [], problems: [] });
  }

  inspect(database: Database, workspace: Workspace, run: Run): Promise<Inspection>;
  inspect(): Promise<Inspection> {
    return Promise.resolve({ exists: true, serverVersion: '', contents: { tables: [], objects: {} } });
  }

  /** What any connector does that has nothing to look at first: restores when it is told to. */
  prepareRestore(
    database: Database,
    dump: OpenDump,
    inspection: Inspection,
    workspace: Workspace,
    run: Run,
  ): Promise<PreparedRestore>;
  prepareRestore(database: Database, dump: OpenDump, _inspection: Inspection, workspace: Workspace): Promise<PreparedRestore> {
    return Promise.resolve({
      emptied: [],
      lost: [],
      warnings: [],
      safety: this.restoreSafety,
      apply: (run) => this.restoreDump(database, dump, workspace, run),
    });
  }

  abstract createDump(database: Database, path: string, options: DumpOptions, workspace: Workspace, run: Run): Promise<DumpFacts>;
  protected abstract restoreDump(database: Database, dump: OpenDump, workspace: Workspace, run: Run): Promise<void>;
}

/** The names under EXCLUDE, or none. */
export function excludedTables(database: Database): readonly string[] {
  const value = database.keys['EXCLUDE'];
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];
}
