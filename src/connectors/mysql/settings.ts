import { userInfo } from 'node:os';
import { targetLabel, type Database } from '../../core/database.ts';
import type { Phase } from '../../core/toolCall.ts';
import { encryptionOf, type Encryption } from './encryption.ts';
import { addressOf, type Address } from './optionFile.ts';

/** Where the driver and the tools connect. `password` is undefined where there is none to send; `where` names it in messages. */
export interface Place {
  readonly address: Address;
  readonly user: string;
  readonly password: string | undefined;
  readonly encryption: Encryption;
  readonly name: string;
  readonly where: string;
}

/**
 * Where a phase connects.
 *
 * Shape: HOST left out or empty is localhost by TCP, a path is a socket. PASSWORD left out is MYSQL_PWD of ENV or of the environment; `null` is none.
 */
export function placeOf(database: Database, phase: Phase): Place {
  const { keys } = database;
  const { NAME: name, USER: user, PASSWORD: password, HOST: host, PORT: port } = keys;
  const env = { ...textValues(keys['ENV']), ...textValues(keys[phase === 'dump' ? 'DUMP_ENV' : 'RESTORE_ENV']) };
  const fallback = password === undefined ? (env['MYSQL_PWD'] ?? process.env['MYSQL_PWD']) : undefined;
  return {
    address: addressOf(isText(host) ? host : 'localhost', isText(port) || typeof port === 'number' ? Number(port) : 3306),
    user: isText(user) ? user : userInfo().username,
    password: isText(password) ? password : fallback,
    encryption: encryptionOf(database),
    name: isText(name) ? name : '',
    where: targetLabel(database.target),
  };
}

/** What the tools find in their environment: nobody's login file, and a password only where no file can be read. */
export function toolVariables(password?: string): Readonly<Record<string, string>> {
  const nobody = process.platform === 'win32' ? 'NUL' : '/dev/null';
  return { MYSQL_TEST_LOGIN_FILE: nobody, ...(password === undefined ? {} : { MYSQL_PWD: password }) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function textValues(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
}
