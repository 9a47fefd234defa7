import type { Db } from 'mongodb';
import type { OrderedValue } from './metadata.ts';
import { explainDriver } from './failures.ts';
import type { Place } from './settings.ts';

/** A command to the server: its name is the first key. Values may be maps, whose order counts. */
export type Command = Readonly<Record<string, OrderedValue>>;

/** A connection of the driver to one database. Documents are their bytes, as the server has them. */
export interface Session {
  command(command: Command, database?: string): Promise<unknown>;
  /** What a command with a cursor gives, such as `listCollections`. */
  list(command: Command): AsyncIterable<Uint8Array>;
  documents(collection: string): AsyncIterable<Uint8Array>;
  insert(collection: string, documents: readonly Uint8Array[], options: Command): Promise<unknown>;
}

/** Units: ms. */
const connectMs = 10_000;

/**
 * Gives `body` a connection, and ends it afterwards.
 *
 * Errors: `connection.*` as the table of failures says; the signal's reason.
 */
export async function withSession<Result>(
  { uri, options, database, where }: Place,
  signal: AbortSignal,
  body: (session: Session) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const { MongoClient, DocumentSequence } = await import('./driver.ts');
  const stopping: Promise<unknown>[] = [];
  try {
    const client = new MongoClient(uri, { ...options, connectTimeoutMS: connectMs, monitorCommands: false });
    const stop = (): void => void stopping.push(client.close(true).catch(() => undefined));
    signal.addEventListener('abort', stop, { once: true });
    try {
      await client.connect();
      const db = client.db(database);
      return await body({
        command: (command, other) => (other === undefined ? db : client.db(other)).command({ ...command }),
        list: (command) => rawCursor(db, command),
        documents: (collection) => rawDocuments(db, collection),
        insert: (collection, documents, more) => {
          const sequence = new DocumentSequence('documents');
          for (const document of documents) sequence.push(document, document);
          return db.command({ insert: collection, documents: sequence, ...more });
        },
      });
    } finally {
      signal.removeEventListener('abort', stop);
      await client.close(true).catch(() => undefined);
    }
  } catch (error) {
    await Promise.all(stopping);
    signal.throwIfAborted();
    throw explainDriver(error, where);
  }
}

async function* rawCursor(db: Db, command: Command): AsyncGenerator<Uint8Array> {
  for await (const document of db.runCursorCommand({ ...command }, { raw: true })) yield bytesOf(document);
}

/** Units: bytes. A server would fill a reply with 16 MiB, of which several copies are in memory at a time. */
const replyBytes = 2_097_152;
const mostInReply = 100_000;

async function* rawDocuments(db: Db, collection: string): AsyncGenerator<Uint8Array> {
  const options = { raw: true, readPreference: db.readPreference };
  const cursor = db.runCursorCommand({ find: collection, batchSize: 101 }, options);
  let count = 0;
  let bytes = 0;
  try {
    for await (const found of cursor) {
      const document = bytesOf(found);
      count += 1;
      bytes += document.length;
      if (count % 100 === 0 || document.length > 65_536)
        cursor.setBatchSize(Math.max(1, Math.min(mostInReply, Math.floor((replyBytes * count) / bytes))));
      yield document;
    }
  } finally {
    await cursor.close();
  }
}

function bytesOf(document: unknown): Uint8Array {
  if (document instanceof Uint8Array) return document;
  throw new Error('The driver gave a document that is not its bytes.');
}
