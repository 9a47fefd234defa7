import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { plainParts } from '../../src/connectors/postgresql/plainDump.ts';

const dump = Buffer.from(
  [
    '--\n-- PostgreSQL database dump\n--\n\n',
    '-- Name: a; Type: TABLE; Schema: public; Owner: me\n--\n\nCREATE TABLE a (t text);\n',
    '-- Data for Name: a; Type: TABLE DATA; Schema: public; Owner: me\n--\n\nCOPY a (t) FROM stdin;\n',
    `${'a long row of some words '.repeat(40)}\n\\\\.\n\\.x\n\n-- PostgreSQL database dump complete\n`,
    "\\.\n\nSELECT 'a text\nover lines \\. ;';\n\n--\n-- PostgreSQL database dump complete\n--\n\n",
  ].join(''),
);

/** In pieces of that size, all in one memory, as a file is read: what is kept of an earlier piece is lost. */
async function* pieces(sizeBytes: number): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(sizeBytes);
  for (let at = 0; at < dump.length; at += sizeBytes)
    yield await Promise.resolve(memory.subarray(0, dump.copy(memory, 0, at, at + sizeBytes)));
}

describe('taking a plain PostgreSQL dump apart', () => {
  it('finds the same rows, statements and sections wherever the pieces of it begin', async () => {
    const seen: string[] = [];
    for (let sizeBytes = 1; sizeBytes <= dump.length; sizeBytes += 1) {
      let text = '';
      let last = '';
      for await (const part of plainParts(pieces(sizeBytes))) {
        const mark = `[${part.kind} ${part.section?.description ?? ''}]`;
        text += (part.kind === 'rows' && mark === last ? '' : mark) + (part.kind === 'sql' ? part.text : part.bytes.toString());
        last = mark;
      }
      seen.push(text);
    }
    assert.equal(new Set(seen).size, 1);
    assert.equal(seen[0]?.replaceAll(/\[\w+ [\w ]*\]/g, ''), dump.toString());
    assert.equal(seen[0].split('[rows TABLE DATA]').length, 2);
  });
});
