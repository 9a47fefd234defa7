import type { CallInput } from '../command.ts';
import { optionFileText, type ToolOption } from './optionFile.ts';
import { toolVariables, type Place } from './settings.ts';

/** The option file of a tool: connection, password, encryption, and the tables that a dump leaves out. */
export function optionsOf(
  { address, user, password, name }: Place,
  encryption: readonly ToolOption[],
  ignored: readonly string[] = [],
): string {
  return optionFileText({ address, user, password, encryption, ignored: { database: name, tables: ignored } });
}

/** What every call of a tool has, with its option file first. In a container, where no file of ours is, a dump reads it from its standard input. */
export function withOptionFile(args: readonly string[], file: string): CallInput {
  return { first: [`--defaults-file=${file}`], args, env: toolVariables(), secrets: [], withoutParent: 'MYSQL_' };
}

/** The connection of a client in a container that reads a dump from its standard input: its password travels in the environment. */
export function withoutOptionFile(
  args: readonly string[],
  { address, user, password }: Place,
  encryption: readonly ToolOption[] = [],
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
