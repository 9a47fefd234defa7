import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { mongodbTools, startMongodb } from '../helpers/mongodbServer.ts';
import { makeWorkspace } from '../helpers/workspace.ts';
import { ratioRow, takeTurns, type Contestant, type Row } from './measure.ts';
import { runMeasured } from './measuredJob.ts';
import { runTool, type Bench } from './site.ts';

/** About 70 MiB: the server of the tests takes them in within half a minute. */
const defaultDocuments = 200_000;
const documentsPerMib = 2850;
const memoryReachMib = 64;

/** Backups of a MongoDB database, everything included, against the bare `mongodump`; and the memory of the driver's jobs. */
export async function measureMongodb({ site, runs, sizeMib }: Bench): Promise<readonly Row[]> {
  const tools = mongodbTools();
  if (tools === undefined) throw new Error('mongodump is missing: install mongodb-database-tools.');
  const server = await startMongodb();
  try {
    const documents = sizeMib === undefined ? defaultDocuments : sizeMib * documentsPerMib;
    const db = server.fresh();
    const small = server.fresh();
    await fill(db, documents);
    await fill(small, Math.ceil(documents / 10));
    const { keys } = server.resolved('MongoDumpConnector', db.databaseName);
    const [config, file] = [site.path('mongodump.yaml'), site.path('bare')];
    writeFileSync(config, `password: ${JSON.stringify(keys['PASSWORD'])}\n`, { mode: 0o600 });
    const place = [`--config=${config}`, '--host=127.0.0.1', `--port=${server.port}`, `--username=${server.user}`];
    const words = [...place, '--authenticationDatabase=admin', `--db=${db.databaseName}`, '--archive'];
    const bare: Contestant = {
      run: () => runTool(join(tools, 'mongodump'), words, { into: file }),
      cleanUp: () => rmSync(file, { force: true }),
    };
    const ours = (connector: string): Contestant => {
      const tool = { DUMP_CMD: join(tools, 'mongodump') };
      const workspace = site.workspace({ ...keys, CONNECTOR: connector, ...(connector === 'MongoDumpConnector' ? tool : {}) });
      return { run: () => workspace.commandLine('backup'), cleanUp: () => workspace.removeDumps() };
    };
    const rows = [
      ratioRow('dump of MongoDB by the driver : mongodump', await takeTurns(ours('MongoDriverConnector'), bare, runs), 1.2),
      // The server of the tests counts by reading everything; MongoDB itself knows the number.
      ratioRow('dump of MongoDB by the tool : mongodump', await takeTurns(ours('MongoDumpConnector'), bare, runs)),
    ];
    for (const source of [small, db]) rows.push(...(await memoryOf(source)));
    return rows;
  } finally {
    await server.rest();
    await server.stop('SIGKILL');
  }

  async function memoryOf(source: Db): Promise<readonly Row[]> {
    const workspace = makeWorkspace();
    try {
      const { stateDirectory } = workspace;
      const dumps = { ...workspace.dumps, filenameTemplate: 'dump.{extension}', safetyBackup: false };
      const database = server.resolved('MongoDriverConnector', source.databaseName);
      const count = String(await source.collection('orders').estimatedDocumentCount()).padStart(7);
      const row = async (what: string, request: Parameters<typeof runMeasured>[1]): Promise<Row> => {
        const { growthBytes } = await runMeasured(site.jobProcess, request, 'whenReady');
        return {
          what: `memory of ${what}, ${count} documents`,
          unit: 'MiB',
          values: [growthBytes / 1_048_576],
          reach: memoryReachMib,
        };
      };
      const dump = join(dumps.directory, 'dump.dump');
      return [
        await row('a dump of MongoDB', { kind: 'backup', database, dumps, stateDirectory }),
        await row('a restore of MongoDB', { kind: 'restore', database, dump, dumps, stateDirectory }),
      ];
    } finally {
      workspace.remove();
    }
  }
}

async function fill(db: Db, documents: number): Promise<void> {
  for (let from = 0; from < documents; from += 1000) {
    await db.collection<{ _id: number }>('orders').insertMany(
      Array.from({ length: Math.min(1000, documents - from) }, (_, n) => ({
        _id: from + n,
        name: `name ${from + n}`,
        text: 'some words that come again '.repeat(8),
        at: new Date(from + n),
        tags: ['a', 'b', String(n)],
        inner: { a: 1.5, b: n },
      })),
    );
  }
}
