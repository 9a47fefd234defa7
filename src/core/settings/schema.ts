import type { ValueName } from './settings.ts';
import type { ValueType } from './valueTypes.ts';

/**
 * A setting of one value: the one source of its type, its description and its default.
 *
 * Shape: `default` is null where the default depends on the machine. `order` is its place in the settings editor.
 */
export interface SettingFacts {
  readonly order: number;
  readonly type: ValueType;
  readonly default: unknown;
  readonly markdown: string;
  readonly choices?: Readonly<Record<string, string>>;
}

/** Every setting but `databases` and `connectors`. */
export const simpleSettings: Readonly<Record<ValueName, SettingFacts>> = {
  dumpDirectory: {
    order: 10,
    type: 'text',
    default: '${workspaceFolder}/backups',
    markdown:
      'Where dumps are kept. A relative path starts at the workspace folder. It has to lie in the workspace, unless it is set in user settings. The directory is made with a `.gitignore` of its own.',
  },
  filenameTemplate: {
    order: 11,
    type: 'text',
    default: '{databasename}-{servername}-{datetime}.{extension}',
    markdown:
      'How dumps are named, from `{databasename}` (the alias), `{servername}` (`#dbbackup.hostname#`), `{datetime}` (`#dbbackup.dateFormat#`), `{extension}` and `{gitbranch}`.',
  },
  dateFormat: {
    order: 12,
    type: 'text',
    default: '%Y-%m-%d-%H%M%S',
    markdown: 'The date in the names of dumps, in UTC and with the tokens of `strftime`. Used by `#dbbackup.filenameTemplate#`.',
  },
  hostname: {
    order: 13,
    type: 'text',
    default: '',
    markdown: 'What `{servername}` in `#dbbackup.filenameTemplate#` stands for. Empty: the name of this machine.',
  },
  compression: {
    order: 20,
    type: 'compression',
    default: 'none',
    markdown: 'How dumps are compressed. A restore recognises compression by content, whatever is set here.',
    choices: {
      none: 'As the database’s own tools write them.',
      gzip: 'Read everywhere; adds `.gz`.',
      zstd: 'Faster and smaller; adds `.zst`. Needs VS Code with Node 22.15 or later.',
    },
  },
  verification: {
    order: 21,
    type: 'verification',
    default: 'quick',
    markdown: 'What is proven of a dump before it is kept. *Verify Dump* always does all of it.',
    choices: {
      quick: 'Structure, end mark and checksum, at little extra time.',
      full: 'Also an integrity check and a complete decode.',
    },
  },
  safetyBackup: {
    order: 30,
    type: 'flag',
    default: true,
    markdown: 'Dumps a database before every restore, so that the restore can be undone.',
  },
  cleanupKeep: {
    order: 31,
    type: 'count',
    default: 10,
    markdown: 'How many verified dumps of each database *Clean Old Backups* keeps, the newest first.',
  },
  connectorMapping: {
    order: 40,
    type: 'texts',
    default: {},
    markdown:
      'Connectors by ENGINE, over the usual choice: `{ "postgresql": "PgDumpConnector" }`. A database’s own CONNECTOR in `#dbbackup.databases#` or `#dbbackup.connectors#` wins.',
  },
  tools: {
    order: 50,
    type: 'texts',
    default: {},
    markdown:
      'Where tools are that are not on PATH: `{ "pg_dump": "/opt/pgsql/bin/pg_dump" }`. Absolute paths, by the tool’s name.',
  },
};
