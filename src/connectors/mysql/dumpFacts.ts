import type { DumpFacts, DumpOptions } from '../../core/connector.ts';
import { listText } from '../../core/words.ts';
import type { ResolvedTool } from '../command.ts';
import { lackWarnings, refusedRestore } from '../dumpProblems.ts';
import { packetLimit, type DatabaseFacts } from './catalog.ts';
import type { DumpPlan } from './dumpPlan.ts';
import type { DumpScan } from './findings.ts';
import { packetFor } from './restorePlan.ts';
import { contentsOf } from './scanFile.ts';

/** A dump that the tool has written to its end. `missing` was in the database all the time and is not in it; `isShaped`: words of the user decided what is. */
export interface WrittenDump {
  readonly scan: DumpScan;
  readonly plan: DumpPlan | undefined;
  readonly missing: readonly string[];
  readonly tool: ResolvedTool;
  readonly said: string;
  readonly withHistory: boolean;
  readonly isShaped: boolean;
  readonly purpose: DumpOptions['purpose'];
}

/**
 * What is known of a dump by its own text and by the database.
 *
 * Errors: `dump.refused` for one that lacks what was in the database all the time, and for a safety dump that could not be restored.
 */
export function dumpFacts(dump: WrittenDump): DumpFacts {
  const { scan, plan, missing, tool, said, withHistory, isShaped, purpose } = dump;
  const lacks = lackWarnings(missing, isShaped);
  const long = longStatement(scan, plan?.facts);
  if (long !== undefined && purpose === 'safety') throw refusedRestore(long.sentence, long.hint);
  const versioned = plan?.facts.tables.filter(({ isVersioned }) => isVersioned).map(({ name }) => name) ?? [];
  return {
    contents: contentsOf(scan),
    serverVersion: plan?.facts.serverVersion ?? '',
    tools: [tool.facts],
    warnings: [
      ...(plan?.warnings ?? []),
      ...lacks,
      ...(long === undefined ? [] : [`${long.sentence} Before a restore: ${long.hint}`]),
      ...(versioned.length > 0 && !withHistory ? [`The dump is without the history of ${listText(versioned)}.`] : []),
      ...said
        .split('\n')
        .filter((line) => line.trim() !== '' && !isOfClient(line))
        .slice(0, 100),
    ],
  };
}

/** What docker compose says of its own file, each time: `time="…" level=warning msg="… the attribute `version` is obsolete …"`. */
function isOfClient(line: string): boolean {
  return /^time="[^"]*" level=\w+ msg=/.test(line);
}

/** `--hex-blob` doubles a BLOB: a row can be read that cannot be written back. */
function longStatement(
  { longestStatementBytes }: DumpScan,
  facts: DatabaseFacts | undefined,
): { readonly sentence: string; readonly hint: string } | undefined {
  if (facts === undefined || packetFor(longestStatementBytes) <= packetLimit(facts)) return undefined;
  return {
    sentence: `The dump has a statement of ${longestStatementBytes} bytes, more than the server takes (${packetLimit(facts)}).`,
    hint: `SET GLOBAL max_allowed_packet = ${packetFor(longestStatementBytes)};`,
  };
}
