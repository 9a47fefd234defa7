import { resolve } from 'node:path';
import type { Target } from '../database.ts';
import type { Family } from '../engines.ts';
import type { Mistake } from './entry.ts';
import { defaultPort } from './keys.ts';

/** Connection keys whose types are right; undefined where a key is not set. */
export interface ConnectionKeys {
  readonly engine: string | undefined;
  readonly name: string | undefined;
  readonly host: string | undefined;
  readonly port: string | number | undefined;
}

/** The target that connection keys lead to, or what is wrong at one of them; `key` is undefined where NAME is missing. */
export type TargetAnswer =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'mistake'; readonly key: 'NAME' | undefined; readonly mistake: Mistake };

/** Finds the target. SQLite's path is absolute and normalised; `:memory:` is kept for the connector to refuse. */
export function findTarget(
  family: Family,
  keys: ConnectionKeys,
  { folder, alias }: { readonly folder: string; readonly alias: string },
): TargetAnswer {
  const { engine, name, host, port } = keys;
  if (name === '') return { kind: 'mistake', key: 'NAME', mistake: { ...missingName, message: 'NAME is empty.' } };
  if (name === undefined && family !== 'other') return { kind: 'mistake', key: undefined, mistake: missingName };
  if (family === 'sqlite') return fileTarget(name ?? '', folder);
  const server = serverOf(host, port === undefined || !isPort(port) ? defaultPort(family) : Number(port));
  return {
    kind: 'target',
    target: { kind: 'server', engine: family === 'other' ? (engine ?? family) : family, ...server, database: name ?? alias },
  };
}

function fileTarget(name: string, folder: string): TargetAnswer {
  if (name.startsWith('file:')) return { kind: 'mistake', key: 'NAME', mistake: fileUri };
  const path = name === ':memory:' ? name : resolve(folder, name);
  return { kind: 'target', target: { kind: 'file', engine: 'sqlite', path } };
}

/** Host and port without credentials. A URI's own port wins; several hosts stay one text. */
function serverOf(host: string | undefined, port: number): { readonly host: string; readonly port: number } {
  const authority = /^[a-z][a-z0-9+]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(host ?? '')?.[1];
  if (authority === undefined) return { host: host === undefined || host === '' ? 'localhost' : host, port };
  const single = /^([^,]*):(\d+)$/.exec(authority);
  return single === null ? { host: authority, port } : { host: single[1] ?? '', port: Number(single[2]) };
}

/** True for a port number, as JSON has it or as text. */
export function isPort(port: string | number): boolean {
  return /^\d{1,5}$/.test(String(port)) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** True for a HOST that is a whole URI. */
export function isUri(host: unknown): boolean {
  return typeof host === 'string' && /^[a-z][a-z0-9+]*:\/\//i.test(host);
}

/** True for a HOST that is a URI with a user or a password in it. */
export function hasCredentials(host: unknown): boolean {
  return typeof host === 'string' && /^[a-z][a-z0-9+]*:\/\/[^/?#]*@/i.test(host);
}

/** The password in a HOST that is a URI, as it stands there; empty where there is none. */
export function uriPassword(host: unknown): string {
  return typeof host === 'string' ? (/^[a-z][a-z0-9+]*:\/\/[^/?#:@]*:([^@]*)@/i.exec(host)?.[1] ?? '') : '';
}

/** The user in a HOST that is a URI, as it stands there; empty where there is none. */
export function uriUser(host: unknown): string {
  return typeof host === 'string' ? (/^[a-z][a-z0-9+]*:\/\/([^/?#:@]*)(?::[^/?#]*)?@/i.exec(host)?.[1] ?? '') : '';
}

const missingName: Mistake = {
  code: 'settings.missingKey',
  message: 'The database has no NAME.',
  hint: 'Add NAME: the database’s name, or its file.',
};
const fileUri: Mistake = {
  code: 'settings.wrongValue',
  message: 'NAME must be a path, not a URI.',
  hint: 'Write the path of the database file.',
};
