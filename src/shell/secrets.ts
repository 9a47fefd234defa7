import type * as vscode from 'vscode';
import type { Database } from '../core/database.ts';
import type { JobRequest } from '../core/job.ts';
import { passwordKey } from '../core/secretKey.ts';

type Storage = Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;

/** Passwords in VS Code's secret storage, kept for a target and a user, never for an alias. */
export class Passwords {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async has(database: Database): Promise<boolean> {
    return (await this.#read(database)) !== undefined;
  }

  async keep(database: Database, password: string): Promise<void> {
    const key = passwordKey(database);
    if (key !== undefined) await this.#storage.store(key, password);
  }

  async forget(database: Database): Promise<void> {
    const key = passwordKey(database);
    if (key !== undefined) await this.#storage.delete(key);
  }

  /**
   * A request as its job needs it: with the kept passwords of the databases that it connects to. Called right before the job starts, so that
   * they are nowhere else.
   *
   * Shape: a kept password goes before one in the settings; `PASSWORD: null` says that there is none, and none is looked for.
   */
  async into<Request extends JobRequest>(request: Request): Promise<Request> {
    switch (request.kind) {
      case 'backup':
      case 'restore':
      case 'inspect':
        return { ...request, database: await this.#withPassword(request.database) };
      case 'describe':
        return { ...request, databases: await Promise.all(request.databases.map((database) => this.#withPassword(database))) };
      case 'verify':
      case 'clean':
      case 'recover':
        return request;
    }
  }

  async #withPassword(database: Database): Promise<Database> {
    if (database.keys['PASSWORD'] === null) return database;
    const password = await this.#read(database);
    return password === undefined ? database : { ...database, keys: { ...database.keys, PASSWORD: password } };
  }

  async #read(database: Database): Promise<string | undefined> {
    const key = passwordKey(database);
    return key === undefined ? undefined : this.#storage.get(key);
  }
}
