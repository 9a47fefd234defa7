import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Database } from '../../core/database.ts';
import { splitWords } from '../../core/shellWords.ts';
import { isContainerPrefix, prefixWords, type Phase } from '../../core/toolCall.ts';
import { excludedTables } from '../base.ts';

/** The keys of a PostgreSQL database with their defaults. */
export interface PgSettings {
  readonly singleTransaction: boolean;
  readonly drop: boolean;
  readonly ifExists: boolean;
  readonly exclude: readonly string[];
  readonly schemas: readonly string[];
  readonly jobs: number;
  readonly pgOptions: readonly string[];
}

export function settingsOf(database: Database): PgSettings {
  const { keys } = database;
  const { SCHEMAS: schemas, JOBS: jobs, PG_OPTIONS: options } = keys;
  const words = typeof options === 'string' ? splitWords(options) : texts(options);
  const count = typeof jobs === 'number' && jobs > 1 ? jobs : 1;
  return {
    // Several connections are not one transaction.
    singleTransaction: keys['SINGLE_TRANSACTION'] !== false && count === 1,
    drop: keys['DROP'] !== false,
    ifExists: keys['IF_EXISTS'] !== false,
    exclude: excludedTables(database),
    schemas: texts(schemas),
    jobs: count,
    pgOptions: words,
  };
}

/** What libpq is told, which of it is secret, and which names files of this machine. */
export interface ConnectionVariables {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly localFiles: readonly string[];
}

/**
 * The connection as variables, which libpq takes as they are: a NAME such as `host=evil` is only a name.
 *
 * Shape: HOST left out is localhost, an empty one or a path a socket. PASSWORD left out leaves PGPASSWORD and PGPASSFILE of the environment in force,
 * `null` takes them away.
 */
export function connectionVariables({ keys, folder }: Database): ConnectionVariables {
  const { NAME: name, USER: user, PASSWORD: password, HOST: host, PORT: port } = keys;
  const inherited = password === undefined ? pick(process.env, ['PGPASSWORD', 'PGPASSFILE']) : {};
  const encryption = encryptionVariables(keys['OPTIONS'], folder);
  return {
    env: {
      ...inherited,
      ...(host === '' ? {} : { PGHOST: textOr(host, 'localhost') }),
      ...(port === undefined || port === '' || port === null ? {} : { PGPORT: String(Number(port)) }),
      ...(typeof user === 'string' && user !== '' ? { PGUSER: user } : {}),
      ...(typeof name === 'string' ? { PGDATABASE: name } : {}),
      ...(typeof password === 'string' ? { PGPASSWORD: password } : {}),
      ...encryption,
      PGCONNECT_TIMEOUT: '10',
      LC_MESSAGES: 'C',
    },
    secrets: ['PGPASSWORD'],
    localFiles: Object.values(fileVariables).filter((name) => encryption[name] !== systemAuthorities),
  };
}

/** Words of libpq that name files, with their variables. */
const fileVariables = { sslrootcert: 'PGSSLROOTCERT', sslcert: 'PGSSLCERT', sslkey: 'PGSSLKEY' } as const;

/** OPTIONS as Django has them: the words of libpq for encryption, as its variables. A relative path starts at the workspace folder. */
function encryptionVariables(options: unknown, folder: string): Record<string, string> {
  const given = textValues(options);
  const variables = given['sslmode'] === undefined ? {} : { PGSSLMODE: given['sslmode'] };
  return Object.entries(fileVariables).reduce<Record<string, string>>((all, [word, variable]) => {
    const path = given[word] ?? '';
    return path === '' ? all : { ...all, [variable]: path === systemAuthorities ? path : resolve(folder, path) };
  }, variables);
}

/** What stands in the place of a file for the authorities that the system trusts, since PostgreSQL 16. */
export const systemAuthorities = 'system';

/** What the server shows our sessions as. */
export const applicationName = 'dbbackup';

/**
 * The variables in force for the driver: ours, and over them what the user writes for the phase's tools. Files that are named for tools in a
 * container are not here.
 */
export function driverVariables(database: Database, phase: Phase): Readonly<Record<string, string>> {
  const { ENV: env, [phase === 'dump' ? 'DUMP_ENV' : 'RESTORE_ENV']: phaseEnv } = database.keys;
  const forTools = { ...textValues(env), ...textValues(phaseEnv) };
  const elsewhere: readonly string[] = isContainerPrefix(prefixWords(database.keys, phase)) ? Object.values(fileVariables) : [];
  const forDriver = Object.entries(forTools).filter(([name]) => !elsewhere.includes(name));
  return { PGUSER: userInfo().username, ...connectionVariables(database).env, ...Object.fromEntries(forDriver) };
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string') : [];
}

function textValues(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
