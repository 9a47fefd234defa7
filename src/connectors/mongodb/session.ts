import { Long } from 'bson';
import type { Db, MongoClient } from 'mongodb';
import * as z from 'zod';
import { BatchMemory, batchOf, type Batch } from './batch.ts';
import type { Documents } from './document.ts';
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
  /** The documents of a collection, some at a time, valid until the next ones are asked for. */
  documents(collection: string): AsyncIterable<Documents>;
  insert(collection: string, documents: Documents, options: Command): Promise<unknown>;
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
  const driver = await import('./driver.ts');
  const stopping: Promise<unknown>[] = [];
  try {
    const client = new driver.MongoClient(uri, { ...options, connectTimeoutMS: connectMs, monitorCommands: false });
    const stop = (): void => void stopping.push(client.close(true).catch(() => undefined));
    signal.addEventListener('abort', stop, { once: true });
    try {
      await client.connect();
      const db = client.db(database);
      return await body({
        command: (command, other) => (other === undefined ? db : client.db(other)).command({ ...command }),
        list: (command) => rawCursor(db, command),
        documents: (collection) => documents(client, db, collection),
        insert: (collection, { bytes }, more) => {
          const sequence = new driver.DocumentSequence('documents');
          // Its bytes are those of its documents one behind the other, as ours already are.
          sequence.push(bytes, bytes);
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
const replyBytes = 524_288;
const mostInReply = 100_000;
const firstInReply = 100;

/** Replies with nested documents as their bytes, so that nothing is made for each document of a collection. */
const replySchema = z.object({ cursor: z.instanceof(Uint8Array) });

/** Always of the primary, where a cursor stays. While one batch is being used, the server prepares the next. */
async function* documents(client: MongoClient, db: Db, collection: string): AsyncGenerator<Documents> {
  const session = client.startSession();
  let id = Long.ZERO;
  let [memory, other] = [new BatchMemory(), new BatchMemory()];
  const ask = async (command: Command): Promise<Batch> => {
    const { cursor } = replySchema.parse(await db.command({ ...command }, { raw: true, session }));
    const batch = batchOf(cursor, memory);
    [memory, other] = [other, memory];
    id = batch.id;
    return batch;
  };
  let sizes = { bytes: 0, documents: 0 };
  let next: Promise<Batch> | undefined = ask({ find: collection, batchSize: firstInReply });
  try {
    while (next !== undefined) {
      const batch: Batch = await next;
      sizes = { bytes: sizes.bytes + batch.bytes.length, documents: sizes.documents + batch.count };
      const fitting = Math.floor((replyBytes * sizes.documents) / Math.max(1, sizes.bytes));
      const batchSize = Math.max(1, Math.min(mostInReply, fitting));
      next = id.isZero() ? undefined : ask({ getMore: id, collection, batchSize });
      // Whoever stops reading must not be told of it as well.
      next?.catch(() => undefined);
      if (batch.count > 0) yield batch;
    }
  } finally {
    await next?.catch(() => undefined);
    if (!id.isZero()) await db.command({ killCursors: collection, cursors: [id] }, { session }).catch(() => undefined);
    await session.endSession().catch(() => undefined);
  }
}

function bytesOf(document: unknown): Uint8Array {
  if (document instanceof Uint8Array) return document;
  throw new Error('The driver gave a document that is not its bytes.');
}
