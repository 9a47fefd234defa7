import * as vscode from 'vscode';
import { commandIds } from '../contributions.ts';
import type { Shell } from './shell.ts';

/** A database of the workspace, without secrets. `folder` is the absolute path of its workspace folder. */
export interface DatabaseSummary {
  readonly alias: string;
  readonly folder: string;
  readonly engine: string;
  readonly connector: string;
  /** Newest first. */
  readonly dumps: readonly DumpSummary[];
}

/** A published dump. `file` is an absolute path, `sizeBytes` bytes as stored, `createdUtc` ISO 8601. */
export interface DumpSummary {
  readonly file: string;
  readonly createdUtc: string;
  readonly sizeBytes: number;
  readonly kind: 'manual' | 'safety';
  readonly state: 'verified' | 'unverified' | 'damaged';
}

/**
 * What other extensions may use, from `getExtension('database-backup.database-backup').exports`.
 *
 * Errors: none of these rejects for a failed job; the user has been told then, and the answer is undefined.
 */
export interface DatabaseBackupApi {
  readonly version: 1;
  /** Fires when databases, dumps or their states have changed. */
  readonly onDidChange: vscode.Event<void>;
  /** The databases of the settings, with their dumps as the view shows them. None in Restricted Mode. */
  databases(): Promise<readonly DatabaseSummary[]>;
  /** Backs a database up, as the command does: a migration tool calls it before it changes anything. */
  backUp(alias: string, folder?: string): Promise<string | undefined>;
}

/** The public API of the extension. */
export function createApi({ inventory }: Shell): DatabaseBackupApi {
  return {
    version: 1,
    onDidChange: inventory.onDidChange,
    databases: async () => {
      await inventory.refresh();
      return inventory.databases.map(({ database, folder, dumps }) => ({
        alias: database.alias,
        folder,
        engine: database.engine,
        connector: database.connector,
        dumps: dumps.map(({ file, createdUtc, sizeBytes, kind, state }) => ({ file, createdUtc, sizeBytes, kind, state })),
      }));
    },
    backUp: async (alias, folder) => {
      const made = await vscode.commands.executeCommand<readonly { readonly file: string }[] | undefined>(commandIds.backup, {
        alias,
        ...(folder === undefined ? {} : { folder }),
      });
      return made?.[0]?.file;
    },
  };
}
