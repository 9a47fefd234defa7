import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Statement } from './plainLexer.ts';
import { plainParts, type PlainPart, type Section } from './plainDump.ts';
import { damagedDump } from '../dumpProblems.ts';

/** What is left out of the private copy. */
export interface CopyRules {
  readonly keptExtensions: ReadonlySet<string>;
  readonly withoutOwners: boolean;
  /** Whether all of it runs in one transaction of ours. */
  readonly isOneTransaction: boolean;
  /** Tables that have a section of their own, as `nameKey`: rows of any other belong to an extension. */
  readonly isOwnTable: (section: Section) => boolean;
}

const transactionWords: ReadonlySet<string> = new Set([
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'END',
  'ABORT',
  'START',
  'SAVEPOINT',
  'RELEASE',
  'PREPARE',
]);

/**
 * Appends the copy of a plain dump that psql is given to a file, which may be there already: without pg_dump's own `\restrict` lines, which ours takes the place of, and without the
 * transaction words around large objects, which would end ours.
 *
 * Errors: `dumps.damaged` for any other transaction word outside of function bodies, and for what psql before August 2026 would run.
 */
export async function writePrivateCopy(from: string, to: string, rules: CopyRules): Promise<void> {
  const target = await open(to, 'a', 0o600);
  try {
    const copy = new PrivateCopy(rules);
    let held: Buffer[] = [];
    let heldBytes = 0;
    for await (const part of plainParts(createReadStream(from, { highWaterMark: 1_048_576 }))) {
      if (!copy.keeps(part)) continue;
      const bytes = part.kind === 'rows' ? part.bytes : Buffer.from(part.text, 'latin1');
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes < 1_048_576) continue;
      await target.writeFile(Buffer.concat(held));
      held = [];
      heldBytes = 0;
    }
    await target.writeFile(Buffer.concat(held));
    await target.sync();
  } finally {
    await target.close();
  }
}

class PrivateCopy {
  readonly #rules: CopyRules;
  #token: string | undefined;
  #isBegun = false;
  #isSkipping = false;

  constructor(rules: CopyRules) {
    this.#rules = rules;
  }

  keeps(part: PlainPart): boolean {
    if (part.section !== undefined && this.#isOfKeptExtension(part.section)) return false;
    if (part.kind === 'rows') return true;
    const { text, isFree, ended, section } = part;
    // Such a psql runs what stands between the backquotes, restricted or not.
    if (/(?<!\\)\\(\\\\)*(un)?restrict.*`/.test(text)) throw damagedDump('a line of it would run a program');
    if (isFree && this.#isOwnRestriction(text)) return false;
    if (section?.description === 'BLOBS' && isFree && /^(BEGIN|COMMIT);\n$/.test(text)) return !this.#rules.isOneTransaction;
    if (ended.length > 0) this.#isBegun = true;
    refuseTransactionWords(ended);
    return !this.#isLeftOut(part);
  }

  #isOwnRestriction(text: string): boolean {
    const [, word, token] = /^\\(restrict|unrestrict) ([A-Za-z0-9]+)\n$/.exec(text) ?? [];
    if (word === 'restrict' && !this.#isBegun && this.#token === undefined) {
      this.#token = token;
      return true;
    }
    return word === 'unrestrict' && token === this.#token;
  }

  #isOfKeptExtension({ description, tag, schema, owner }: Section): boolean {
    const { keptExtensions, withoutOwners, isOwnTable } = this.#rules;
    if (withoutOwners && /ACL$/.test(description)) return true;
    if (keptExtensions.size === 0) return false;
    if (description === 'EXTENSION') return keptExtensions.has(tag);
    if (description === 'COMMENT') return keptExtensions.has(/^EXTENSION "?(.*?)"?$/.exec(tag)?.[1] ?? '');
    return description === 'TABLE DATA' && !isOwnTable({ description, tag, schema, owner });
  }

  /** Statements that have no section of their own: drops at the beginning, owners within other sections. A statement may go over several lines. */
  #isLeftOut({ text, isFree, ended }: Extract<PlainPart, { kind: 'sql' }>): boolean {
    const { keptExtensions, withoutOwners } = this.#rules;
    if (isFree) {
      const extension = /^DROP EXTENSION (?:IF EXISTS )?"?(.*?)"?;\n$/.exec(text)?.[1];
      const isOwner = withoutOwners && /^ALTER .* OWNER TO .*;\n$/.test(text);
      this.#isSkipping = isOwner || (extension !== undefined && keptExtensions.has(extension));
    }
    const isSkipped = this.#isSkipping;
    if (ended.length > 0) this.#isSkipping = false;
    return isSkipped;
  }
}

function refuseTransactionWords(ended: readonly Statement[]): void {
  for (const { words } of ended) {
    const [first = '', second] = words;
    if (!transactionWords.has(first) || (first === 'PREPARE' && second !== 'TRANSACTION')) continue;
    throw damagedDump(`it holds ${first}, which ends the transaction that protects the old rows`);
  }
}
