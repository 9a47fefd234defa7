import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  calculateObjectSize,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import { GridFSBucket, type Db } from 'mongodb';

/** A value of every type of BSON that a server stores, by name. `undefined` and DBPointer are deprecated, and drivers no longer write them. */
export const everyType: Readonly<Record<string, unknown>> = {
  double: new Double(1.5),
  whole: new Double(1),
  nan: new Double(Number.NaN),
  infinity: new Double(Number.POSITIVE_INFINITY),
  minusInfinity: new Double(Number.NEGATIVE_INFINITY),
  minusZero: new Double(-0),
  string: 'text with \u0000 and é and 😀',
  empty: '',
  document: { a: { b: { c: [] } } },
  array: [1, 'two', [3, { four: null }]],
  binary: new Binary(Buffer.from([0, 1, 255])),
  uuid: new Binary(Buffer.alloc(16, 7), 4),
  userDefined: new Binary(Buffer.from('x'), 0x80),
  objectId: new ObjectId('0123456789abcdef01234567'),
  yes: true,
  no: false,
  date: new Date('2020-02-29T12:34:56.789Z'),
  early: new Date('0001-01-01T00:00:00Z'),
  nothing: null,
  pattern: new BSONRegExp('^a/b\\d', 'ix'),
  code: new Code('function () { return 1; }'),
  scoped: new Code('return x', { x: 1, y: { z: 'é' } }),
  symbol: new BSONSymbol('sym'),
  int: new Int32(-2_147_483_648),
  long: Long.MAX_VALUE,
  smallLong: Long.fromNumber(1),
  timestamp: new Timestamp({ t: 1_600_000_000, i: 7 }),
  decimal: Decimal128.fromString('1234567890.123456789012345678E-10'),
  decimalNan: Decimal128.fromString('NaN'),
  min: new MinKey(),
  max: new MaxKey(),
  reference: new DBRef('customers', new ObjectId('0123456789abcdef01234567')),
};

const oddKeys = { '': 1, ' ': 2, 'a b': 3, ключ: 4, '10': 'ten', '2': 'two', constructor: 5, 'with"quote': 6, 'back\\slash': 7 };

/** Every kind of collection, option, index and value. */
export async function fillSample(db: Db, documents = 300): Promise<void> {
  const customers = db.collection('customers');
  await customers.insertMany(
    Array.from({ length: documents }, (_, i) => ({
      name: `name ${i}`,
      i,
      mail: i % 3 === 0 ? null : `m${i}@x`,
      at: new Date(i * 1e9),
      ...oddKeys,
    })),
  );
  await customers.createIndex({ name: 1 }, { unique: true }, {});
  await customers.createIndex({ i: -1, name: 1 }, { name: 'odd "name" é', partialFilterExpression: { i: { $gt: 5 } } }, {});
  await customers.createIndex({ mail: 1 }, { sparse: true }, {});
  await customers.createIndex({ name: 1 }, { name: 'french', collation: { locale: 'fr', strength: 2 } }, {});
  await db.command({
    createIndexes: 'customers',
    indexes: [
      {
        key: new Map([
          ['b', 1],
          ['10', -1],
          ['2', 1],
        ]),
        name: 'numbers',
      },
    ],
  });
  await db
    .collection<{ _id: unknown }>('types')
    .insertMany(
      Object.entries(everyType).flatMap(([name, value], i) => [
        { _id: i, [name]: value, nested: { deep: [value] } },
        ...(Array.isArray(value) || value instanceof BSONRegExp || name.startsWith('nothing')
          ? []
          : [{ _id: { [name]: value } }]),
      ]),
    );
  await db.createCollection('log', { capped: true, size: 1_000_000, max: 5000 });
  await db.collection('log').insertMany(Array.from({ length: 100 }, (_, i) => ({ i, line: `line ${i}` })));
  await db.createCollection('strict', {
    validator: { $jsonSchema: { required: ['a'], properties: { a: { bsonType: 'int' } } } },
    validationLevel: 'moderate',
    validationAction: 'error',
  });
  await db.collection('strict').insertOne({ a: 1 });
  await db.createCollection('german', { collation: { locale: 'de', strength: 1 } });
  await db.collection('german').insertMany([{ w: 'ä' }, { w: 'a' }]);
  await db.createCollection('view of customers', { viewOn: 'customers', pipeline: [{ $match: { i: { $gt: 5 } } }] });
  await db.createCollection('empty one');
  await db.collection('with.dots and é "quotes"').insertOne({ a: 1 });
  await db.collection('expires').createIndex({ at: 1 }, { expireAfterSeconds: 1_000_000_000 }, {});
  await db.collection('expires').insertOne({ at: new Date() });
  await db.collection('places').createIndex({ at: '2dsphere' });
  await db.collection('places').insertOne({ at: { type: 'Point', coordinates: [1, 2] } });
  const bucket = new GridFSBucket(db, { bucketName: 'files' });
  for (const [name, size] of [
    ['small.txt', 10],
    ['large.bin', 700_000],
  ] as const) {
    const upload = bucket.openUploadStream(name, { metadata: { name } });
    upload.end(Buffer.alloc(size, name));
    await new Promise((resolve, reject) => upload.once('finish', resolve).once('error', reject));
  }
}

/** Rows as a bad migration leaves them, and one collection more. It drops nothing. */
export async function spoil(db: Db): Promise<void> {
  const customers = db.collection('customers');
  await customers.deleteMany({ i: { $lt: 50 } });
  await customers.updateMany({ i: { $gt: 100 } }, { $set: { mail: 'spoilt' } });
  await db.collection('later').insertOne({ a: 1 });
}

/** Large enough to be cancelled in the middle. */
export async function fillLarge(db: Db): Promise<void> {
  for (const name of ['big_a', 'big_b'])
    await db.collection(name).insertMany(Array.from({ length: 3000 }, (_, i) => ({ i, text: 'some words '.repeat(100) })));
}

/** Names that a shell, a pattern, a path or JSON would read otherwise. */
export const oddNames = [
  'a.b',
  'sp ace',
  'ünï-çödé',
  '日本',
  '-dash',
  "quo'te",
  'dou"ble',
  '100',
  'a*b',
  'tab\tname',
  'back\\slash',
  '`tick`',
  '%2e',
  'a=b',
];

/** Documents of every type of BSON, with odd keys at every depth, in collections with odd names. */
export async function fillOdd(db: Db, documents: number): Promise<void> {
  const values = Object.entries(everyType);
  const keys = Object.keys(oddKeys);
  const share = Math.ceil(documents / oddNames.length);
  for (const [at, name] of oddNames.entries()) {
    const collection = db.collection<{ _id: unknown }>(name);
    for (let from = 0; from < share; from += 1000) {
      const batch = Array.from({ length: Math.min(1000, share - from) }, (_, n) => {
        const i = from + n;
        const [type = '', value] = values[(i + at) % values.length] ?? [];
        const key = `${keys[i % keys.length] ?? ''}${i % 5}`;
        const ids = [
          i,
          `${i}`,
          new Date(i),
          Long.fromNumber(i + 0.5 * 2 ** 33),
          { i, [key]: value },
          new Binary(Buffer.from(`${i}`)),
        ];
        return {
          _id: ids[i % ids.length],
          [type]: value,
          [key]: { ...oddKeys, [key]: [value, { [key]: value }] },
          text: 'x'.repeat(i % 300),
        };
      });
      await collection.insertMany(batch);
    }
    await collection.createIndex({ text: 1 }, { name: `by text of ${name}` }, {});
  }
}

/** The largest document that a server stores: 16 MiB. */
export async function fillLargest(db: Db): Promise<void> {
  const around = calculateObjectSize({ _id: 1, b: new Binary(Buffer.alloc(0)) });
  await db
    .collection<{ _id: number; b: Binary }>('largest')
    .insertOne({ _id: 1, b: new Binary(Buffer.alloc(16 * 1024 * 1024 - around, 'large')) });
}
