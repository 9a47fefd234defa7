import type { MongoClient } from 'mongodb';
import type { DocumentSequence } from 'mongodb/lib/cmap/commands.js';

export interface Driver {
  readonly MongoClient: typeof MongoClient;
  readonly DocumentSequence: typeof DocumentSequence;
}

/** The driver, loaded when first used: nothing else imports its code, so that a bundle can keep it apart. */
export async function loadDriver(): Promise<Driver> {
  const [client, commands] = await Promise.all([import('mongodb'), import('mongodb/lib/cmap/commands.js')]);
  return { MongoClient: client.MongoClient, DocumentSequence: commands.DocumentSequence };
}
