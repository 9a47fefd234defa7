import { BSON, EJSON } from 'bson';

/** Types of BSON whose values are documents themselves. */
const documentType = 0x03;
const arrayType = 0x04;

/**
 * A BSON document as canonical Extended JSON v2, field by field in its own order: an object of JavaScript would sort names such as `10`.
 *
 * Shape: `bytes` hold the document and nothing else.
 */
export function documentText(bytes: Uint8Array): string {
  return `{${[...BSON.onDemand.parseToElements(bytes)].map((element) => `${JSON.stringify(nameOf(bytes, element))}:${valueText(bytes, element)}`).join(',')}}`;
}

/** The document under a name in another one; undefined where there is none. */
export function innerDocument(bytes: Uint8Array, name: string): Uint8Array | undefined {
  for (const element of BSON.onDemand.parseToElements(bytes)) {
    const [type, , , start, length] = element;
    if (type === documentType && nameOf(bytes, element) === name) return bytes.subarray(start, start + length);
  }
  return undefined;
}

/** Type, start and length of the name, start and length of the value. */
type Element = readonly [type: number, nameAt: number, nameLength: number, at: number, length: number];

function nameOf(bytes: Uint8Array, [, at, length]: Element): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('utf8');
}

function valueText(bytes: Uint8Array, [type, , , at, length]: Element): string {
  const value = bytes.subarray(at, at + length);
  if (type === documentType) return documentText(value);
  if (type === arrayType) {
    const items = [...BSON.onDemand.parseToElements(value)].map((element) => valueText(value, element));
    return `[${items.join(',')}]`;
  }
  const alone = Buffer.alloc(8 + length);
  alone.writeInt32LE(alone.length, 0);
  alone.writeUInt8(type, 4);
  alone.write('v', 5);
  alone.set(value, 7);
  const text = EJSON.stringify(BSON.deserialize(alone, { promoteValues: false, bsonRegExp: true }), { relaxed: false });
  return text.slice('{"v":'.length, -1);
}
