import type { MongoClientOptions } from 'mongodb';
import { targetLabel, type Database } from '../../core/database.ts';
import { splitWords } from '../../core/shellWords.ts';
import type { Phase } from '../../core/toolCall.ts';
import { excludedTables } from '../base.ts';
import { parseUri, uriText, type MongoUri } from './uri.ts';

/** The keys of a MongoDB database with their defaults. */
export interface MongoSettings {
  readonly name: string;
  readonly exclude: readonly string[];
  readonly drop: boolean;
  readonly objectCheck: boolean;
}

export function settingsOf(database: Database): MongoSettings {
  const { NAME: name, DROP: drop, OBJECT_CHECK: objectCheck } = database.keys;
  return { name: textOf(name), exclude: excludedTables(database), drop: drop !== false, objectCheck: objectCheck !== false };
}

/**
 * How a server is reached.
 *
 * Shape: `uri` has no user, no password and no database; `words` say the same to the tools, and hold no secret.
 * `authSource` is the database that knows the user.
 */
export interface Connection {
  readonly uri: string;
  readonly words: readonly string[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly keyPassword: string | undefined;
  readonly authSource: string;
}

const defaultPort = 27_017;
/** The tools wait for 30 s by themselves, the driver too. Units: s. */
const selectionSeconds = 5;

/**
 * Finds out how to connect. A password in a URI is taken out of it: the tools print the URI when they fail.
 *
 * Shape: without AUTH_SOURCE a user is looked for where the URI says, in `admin` without that; beside a plain HOST in the database itself,
 * as the tools do.
 */
export function connectionOf({ keys }: Database): Connection {
  const { HOST: host, USER: userKey, PASSWORD: passwordKey, AUTH_SOURCE: sourceKey, NAME: name } = keys;
  const given = parseUri(textOf(host));
  const parts = given ?? hostParts(textOf(host), keys['PORT']);
  const option = (wanted: string): string | undefined =>
    parts.options.findLast(([key]) => key.toLowerCase() === wanted.toLowerCase())?.[1];
  const user = textOf(userKey) === '' ? parts.user : textOf(userKey);
  const password = passwordKey === undefined ? parts.password : typeof passwordKey === 'string' ? passwordKey : undefined;
  const ownSource = textOf(sourceKey) === '' ? (option('authSource') ?? orUndefined(parts.database)) : textOf(sourceKey);
  const usual = given === undefined ? textOf(name) : 'admin';
  const authSource = ownSource ?? (isExternal(option('authMechanism')) ? '$external' : usual);
  const plain = parts.options.filter(([key]) => !/^(authSource|tlsCertificateKeyFilePassword)$/i.test(key));
  const selection: readonly [string, string][] =
    option('serverSelectionTimeoutMS') === undefined ? [['serverSelectionTimeoutMS', String(selectionSeconds * 1000)]] : [];
  const isPlainHost =
    given === undefined && /^(?:[^/]+\/)?[^/:[\]]+(?::\d+)?(?:,[^/:[\]]+(?::\d+)?)*$/.test(textOf(host) || 'localhost');
  const source: readonly [string, string][] = user === undefined && ownSource === undefined ? [] : [['authSource', authSource]];
  const words = isPlainHost
    ? [
        ...hostWords(textOf(host) || 'localhost', keys['PORT']),
        ...(user === undefined ? [] : [`--username=${user}`]),
        ...(ownSource === undefined ? [] : [`--authenticationDatabase=${ownSource}`]),
        `--serverSelectionTimeout=${selectionSeconds}`,
      ]
    : [`--uri=${uriText({ ...parts, user, options: [...plain, ...source, ...selection] })}`];
  return {
    uri: uriText({ ...parts, user: undefined, options: [...plain, ...selection] }),
    words,
    user,
    password,
    keyPassword: option('tlsCertificateKeyFilePassword'),
    authSource,
  };
}

/** A HOST that is no URI: `db`, `db:27018`, `a,b`, `set/a,b`, an IPv6 address, a socket. */
function hostParts(host: string, port: unknown): MongoUri {
  const nothing = { scheme: 'mongodb', user: undefined, password: undefined, database: '' } as const;
  if (host.startsWith('/')) return { ...nothing, hosts: encodeURIComponent(host), options: [] };
  const slash = host.indexOf('/');
  const hosts = (host.slice(slash + 1) || 'localhost').split(',').map((one) => withPort(one, port));
  const isOne = hosts.length === 1 && slash < 0;
  // As the tools do: one host is that server, whatever others it knows of.
  const options: readonly (readonly [string, string])[] = isOne
    ? [['directConnection', 'true']]
    : slash < 0
      ? []
      : [['replicaSet', host.slice(0, slash)]];
  return { ...nothing, hosts: hosts.join(','), options };
}

function withPort(host: string, port: unknown): string {
  const isAddress = !host.startsWith('[') && host.split(':').length > 2;
  const name = isAddress ? `[${host}]` : host;
  return /:\d+$/.test(isAddress ? '' : name.replace(/^\[.*\]/, 'x')) ? name : `${name}:${portOf(port)}`;
}

/** One host has its port as a word of its own; of several each has its own. */
function hostWords(host: string, port: unknown): string[] {
  if (!/[,:]/.test(host)) return [`--host=${host}`, `--port=${portOf(port)}`];
  const slash = host.indexOf('/') + 1;
  const hosts = host
    .slice(slash)
    .split(',')
    .map((one) => withPort(one, port));
  return [`--host=${host.slice(0, slash)}${hosts.join(',')}`];
}

function portOf(port: unknown): number {
  return typeof port === 'number' || (typeof port === 'string' && port !== '') ? Number(port) : defaultPort;
}

/** What the tools read from their `--config` file: the passwords alone. Undefined where there is none. */
export function secretsText({ password, keyPassword }: Connection): string | undefined {
  const lines = [
    ...(password === undefined ? [] : [`password: ${JSON.stringify(password)}\n`]),
    ...(keyPassword === undefined ? [] : [`sslPEMKeyPassword: ${JSON.stringify(keyPassword)}\n`]),
  ];
  return lines.length === 0 ? undefined : lines.join('');
}

/** Where the driver connects, and how to call it in messages. */
export interface Place {
  readonly uri: string;
  readonly options: MongoClientOptions;
  readonly database: string;
  readonly where: string;
}

/** The same server as the tools of a phase are told, with what the user writes for them about TLS and mechanisms. */
export function placeOf(database: Database, phase: Phase): Place {
  const { uri, user, password, keyPassword, authSource: source } = connectionOf(database);
  const more = toolOptions(database.keys, phase);
  const authSource = isExternal(more.authMechanism) ? '$external' : source;
  const auth =
    user === undefined ? {} : { auth: { username: user, ...(password === undefined ? {} : { password }) }, authSource };
  const key = keyPassword === undefined ? {} : { tlsCertificateKeyFilePassword: keyPassword };
  return {
    uri,
    options: { ...auth, ...key, ...more, appName: 'dbbackup' },
    database: settingsOf(database).name,
    where: targetLabel(database.target),
  };
}

const driverOptions: Readonly<Record<string, (value: string) => MongoClientOptions>> = {
  '--ssl': () => ({ tls: true }),
  '--sslCAFile': (tlsCAFile) => ({ tlsCAFile }),
  '--sslPEMKeyFile': (tlsCertificateKeyFile) => ({ tlsCertificateKeyFile }),
  '--tlsInsecure': () => ({ tlsInsecure: true }),
  '--authenticationMechanism': (mechanism) => (isMechanism(mechanism) ? { authMechanism: mechanism } : {}),
};

/** Options of the tools in DUMP_CMD, DUMP_SUFFIX and their kin that the driver needs too. */
function toolOptions(keys: Database['keys'], phase: Phase): MongoClientOptions {
  const name = phase === 'dump' ? 'DUMP' : 'RESTORE';
  const { [`${name}_CMD`]: command, [`${name}_SUFFIX`]: suffix } = keys;
  const words = [...(Array.isArray(command) ? command.map(String) : splitWords(textOf(command))), ...splitWords(textOf(suffix))];
  return words.reduce<MongoClientOptions>((options, word, index) => {
    const [option = '', ...value] = word.split('=');
    const read = Object.hasOwn(driverOptions, option) ? driverOptions[option] : undefined;
    return read === undefined ? options : { ...options, ...read(value.length > 0 ? value.join('=') : (words[index + 1] ?? '')) };
  }, {});
}

const mechanisms = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'MONGODB-X509', 'PLAIN'] as const;

function isMechanism(text: string): text is (typeof mechanisms)[number] {
  return mechanisms.some((name) => name === text);
}

/** Mechanisms whose users no database of the server knows. */
function isExternal(mechanism: string | undefined): boolean {
  return /^(MONGODB-X509|PLAIN|GSSAPI|MONGODB-AWS|MONGODB-OIDC)$/.test(mechanism ?? '');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}
