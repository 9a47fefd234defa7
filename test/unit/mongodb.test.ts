import assert from 'node:assert/strict';
import { BSON, Binary, Long } from 'bson';
import { describe, it } from 'mocha';
import { BatchMemory, batchOf } from '../../src/connectors/mongodb/batch.ts';
import { Crc64 } from '../../src/connectors/mongodb/crc64.ts';
import { checkDocument } from '../../src/connectors/mongodb/document.ts';
import { documentText } from '../../src/connectors/mongodb/extendedJson.ts';
import { parseMetadata } from '../../src/connectors/mongodb/metadata.ts';
import { connectionOf, placeOf, secretsText } from '../../src/connectors/mongodb/settings.ts';
import { BackupError } from '../../src/core/errors.ts';
import type { Database } from '../../src/core/database.ts';
import { createRedactor, secretsOf } from '../../src/core/redact.ts';
import { everyType } from '../connectors/mongodbSamples.ts';

describe('the checksum of an archive', () => {
  it('is the CRC-64 of ECMA-182, in whatever pieces the bytes come', () => {
    const whole = Buffer.from('123456789'.repeat(100));
    const hex = ({ high, low }: Crc64): string => [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
    const check = new Crc64();
    check.add(Buffer.from('123456789'));
    assert.equal(hex(check), '995dc9bbdf1939fa');
    const [once, pieces] = [new Crc64(), new Crc64()];
    once.add(whole);
    for (let at = 0; at < whole.length; at += 13) pieces.add(whole.subarray(at, at + 13));
    assert.equal(hex(pieces), hex(once));
  });
});

describe('a document of BSON', () => {
  it('is accepted with every type, and refused with a byte less or a length that is wrong', () => {
    const bytes = Buffer.from(BSON.serialize({ ...everyType, inner: { ...everyType } }));
    checkDocument(bytes, 'c');
    const isDamaged = (error: unknown): boolean => error instanceof BackupError && error.code === 'dumps.damaged';
    assert.throws(() => checkDocument(bytes.subarray(0, -1), 'c'), isDamaged);
    const text = bytes.indexOf('string\0') + 'string\0'.length;
    for (const length of [0, -1, 1_000_000]) {
      const wrong = Buffer.from(bytes);
      wrong.writeInt32LE(length, text);
      assert.throws(() => checkDocument(wrong, 'c'), isDamaged);
    }
    const unknownType = Buffer.from(bytes);
    unknownType.writeUInt8(0x42, 4);
    assert.throws(() => checkDocument(unknownType, 'c'), isDamaged);
  });

  it('becomes Extended JSON and back with its fields in their order, and every type in it', () => {
    const key = new Map([
      ['b', 1],
      ['10', -1],
      ['2', 1],
    ]);
    const bytes = BSON.serialize({ name: 'n', key, partialFilterExpression: { ...everyType, inner: [everyType] } });
    const text = `{"options":{},"indexes":[${documentText(bytes)}],"type":"collection"}`;
    const [index] = parseMetadata(text, undefined).indexes;
    assert.ok(index !== undefined);
    assert.ok(Buffer.from(BSON.serialize(index)).equals(bytes));
  });

  it('is taken out of a reply with its bytes, all of them in their order', () => {
    const documents = Array.from({ length: 120 }, (_, i) => ({ i, b: new Binary(Buffer.alloc(i)) }));
    const cursor = BSON.serialize({ id: Long.fromString('81985529216486895'), ns: 'a.b', nextBatch: documents });
    const batch = batchOf(cursor, new BatchMemory());
    cursor.fill(0);
    assert.equal(batch.id.toString(), '81985529216486895');
    assert.equal(batch.count, 120);
    assert.ok(batch.bytes.equals(Buffer.concat(documents.map((document) => BSON.serialize(document)))));
  });
});

describe('where a MongoDB server is', () => {
  const database = (keys: object): Database => ({
    alias: 'default',
    engine: 'mongodb',
    connector: 'MongoDumpConnector',
    keys: { NAME: 'shop', ...keys },
    folder: '/ws',
    scope: 'folder',
    target: { kind: 'server', engine: 'mongodb', host: 'h', port: 27_017, database: 'shop' },
    tools: {},
  });
  const wordsOf = (keys: object): readonly string[] => connectionOf(database(keys)).words;
  const uriOf = (keys: object): string => connectionOf(database(keys)).uri;
  const rest = '--serverSelectionTimeout=5';
  const selection = 'serverSelectionTimeoutMS=5000';

  it('is said to the tools and to the driver in the same way', () => {
    assert.deepEqual(wordsOf({}), ['--host=localhost', '--port=27017', rest]);
    assert.equal(uriOf({}), `mongodb://localhost:27017/?directConnection=true&${selection}`);
    assert.deepEqual(wordsOf({ HOST: 'db', PORT: '1', USER: '--a' }), ['--host=db', '--port=1', '--username=--a', rest]);
    assert.deepEqual(wordsOf({ HOST: 'db:2', PORT: 1 }), ['--host=db:2', rest]);
    assert.deepEqual(wordsOf({ HOST: 'set/a,b:2', PORT: 1 }), ['--host=set/a:1,b:2', rest]);
    assert.equal(uriOf({ HOST: 'set/a,b:2', PORT: 1 }), `mongodb://a:1,b:2/?replicaSet=set&${selection}`);
    assert.deepEqual(wordsOf({ HOST: '::1', USER: 'a b' }), [
      `--uri=mongodb://a%20b@[::1]:27017/?directConnection=true&authSource=shop&${selection}`,
    ]);
    assert.deepEqual(wordsOf({ HOST: '/tmp/mongodb.sock' }), [`--uri=mongodb://%2Ftmp%2Fmongodb.sock/?${selection}`]);
    assert.deepEqual(wordsOf({ HOST: 'mongodb://h/other?readPreferenceTags=dc:ny,rack:1&serverSelectionTimeoutMS=9' }), [
      '--uri=mongodb://h/?readPreferenceTags=dc:ny,rack:1&serverSelectionTimeoutMS=9&authSource=other',
    ]);
  });

  it('keeps passwords apart, whichever way they are written, and masks them', () => {
    const keys = { HOST: 'mongodb://ada:p%40%22ss@h/?tls=true&tlsCertificateKeyFilePassword=k%20ey' };
    const connection = connectionOf(database(keys));
    assert.equal(secretsText(connection), 'password: "p@\\"ss"\nsslPEMKeyPassword: "k ey"\n');
    assert.doesNotMatch(JSON.stringify([connection.words, connection.uri]), /p%40|p@|k%20|k ey/);
    assert.equal(secretsText(connectionOf(database({ ...keys, PASSWORD: 'other' })))?.split('\n')[0], 'password: "other"');
    const redact = createRedactor(secretsOf(keys));
    assert.equal(redact('p@"ss p%40%22ss k ey k%20ey'), '*** *** *** ***');
  });

  it('has the TLS options that stand among the words of a tool', () => {
    const words = '--ssl --sslCAFile /ca.pem --sslPEMKeyFile=/k.pem --authenticationMechanism=MONGODB-X509 | cat';
    const { options } = placeOf(database({ DUMP_SUFFIX: words, USER: 'u' }), 'dump');
    const { tls, tlsCAFile, tlsCertificateKeyFile, authMechanism, authSource } = options;
    assert.deepEqual([tls, tlsCAFile, tlsCertificateKeyFile], [true, '/ca.pem', '/k.pem']);
    assert.deepEqual([authMechanism, authSource], ['MONGODB-X509', '$external']);
    assert.equal(placeOf(database({ DUMP_SUFFIX: words }), 'restore').options.tls, undefined);
  });
});
