import type { CallInput, ResolvedTool } from '../command.ts';
import { addressOf, optionFileText, type ToolOption } from './optionFile.ts';
import { toolVariables, type Place } from './settings.ts';

/** Where a tool connects: in the container of its server, to the port in there. */
export function placeOfTool(place: Place, { container }: ResolvedTool): Place {
  return container === undefined ? place : { ...place, address: addressOf('127.0.0.1', container.port) };
}

/** The option file of a tool: connection, password, encryption, and the tables that a dump leaves out. */
export function optionsOf(
  { address, user, password, name }: Place,
  encryption: readonly ToolOption[],
  ignored: readonly string[] = [],
): string {
  return optionFileText({ address, user, password, encryption, ignored: { database: name, tables: ignored } });
}

/** The call of a dump. In a container, where no file of ours is, it reads its options from its standard input. */
export function dumpInput(args: readonly string[], place: Place, { tool, options }: ToolAndOptions): CallInput {
  return { ...withOptionFile(args, tool.inContainer ? '/dev/stdin' : options), operands: ['--', place.name] };
}

/** The call of a restore. In a container its standard input is the dump, and its options are words and variables. */
export function restoreInput(
  args: readonly string[],
  place: Place,
  { tool, options, encryption }: ToolAndOptions & { readonly encryption: readonly ToolOption[] },
): CallInput {
  return tool.inContainer ? withoutOptionFile(args, placeOfTool(place, tool), encryption) : withOptionFile(args, options);
}

/** A tool, and the path of the file with its options. */
interface ToolAndOptions {
  readonly tool: ResolvedTool;
  readonly options: string;
}

/** What every call of a tool has, with its option file first. */
function withOptionFile(args: readonly string[], file: string): CallInput {
  return { first: [`--defaults-file=${file}`], args, env: toolVariables(), secrets: [], withoutParent: 'MYSQL_' };
}

/** The connection of a client in a container that reads a dump from its standard input: its password travels in the environment. */
function withoutOptionFile(
  args: readonly string[],
  { address, user, password }: Place,
  encryption: readonly ToolOption[],
): CallInput {
  const where =
    address.kind === 'socket'
      ? [`--socket=${address.path}`, '--protocol=socket']
      : [`--host=${address.host}`, `--port=${address.port}`, '--protocol=tcp'];
  const encrypted = encryption.map(({ name, value }) => (value === undefined ? `--${name}` : `--${name}=${value}`));
  return {
    first: ['--no-defaults'],
    args: [...where, `--user=${user}`, ...encrypted, ...args],
    env: toolVariables(password),
    secrets: ['MYSQL_PWD'],
    withoutParent: 'MYSQL_',
  };
}
