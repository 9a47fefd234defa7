import { connect, isIP, type Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Database } from '../../core/database.ts';
import { mysqlModes } from '../../core/settings/encryptionModes.ts';
import type { ResolvedTool } from '../command.ts';
import { readCertificates, type CertificateFiles, type Certificates } from '../encryption.ts';
import type { Address, ToolOption } from './optionFile.ts';

/** How a connection is encrypted. */
export interface Encryption {
  readonly mode: (typeof mysqlModes)[number];
  readonly files: CertificateFiles;
}

/**
 * OPTIONS as mysqlclient has them: `ssl` with `ca`, `cert` and `key`, and `ssl_mode`.
 *
 * Shape: paths are absolute, a relative one starts at the workspace folder. With `ca` the server is verified whatever mode is given but DISABLED,
 * and with a certificate of ours nothing goes unencrypted.
 */
export function encryptionOf({ keys, folder }: Database): Encryption {
  const { ssl, ssl_mode: asked } = objectOf(keys['OPTIONS']);
  const { ca, cert, key } = objectOf(ssl);
  const path = (file: unknown): string | undefined =>
    typeof file === 'string' && file !== '' ? resolve(folder, file) : undefined;
  // A certificate and its key may be in one file.
  const files = { ca: path(ca), cert: path(cert) ?? path(key), key: path(key) ?? path(cert) };
  const mode = mysqlModes.find((known) => known === asked) ?? (ssl === true ? 'REQUIRED' : 'PREFERRED');
  if (mode !== 'PREFERRED' && mode !== 'REQUIRED') return { mode, files };
  if (files.ca !== undefined) return { mode: 'VERIFY_CA', files };
  return { mode: files.cert === undefined ? mode : 'REQUIRED', files };
}

interface DriverSsl extends Certificates {
  readonly rejectUnauthorized: boolean;
  readonly verifyIdentity: boolean;
}

const words = { ca: 'ca', cert: 'cert', key: 'key' };

/**
 * What the driver is told; undefined for an unencrypted connection. A socket is encrypted only where that is asked for.
 *
 * Errors: `settings.invalid` for files that cannot be used.
 */
export async function driverOptions(
  { mode, files }: Encryption,
  address: Address,
): Promise<{ readonly ssl: DriverSsl; readonly stream?: () => Socket } | undefined> {
  if (mode === 'DISABLED' || (mode === 'PREFERRED' && address.kind === 'socket')) return undefined;
  const isNameVerified = mode === 'VERIFY_IDENTITY';
  const ssl = {
    ...(await readCertificates(files, words)),
    rejectUnauthorized: mode === 'VERIFY_CA' || isNameVerified,
    verifyIdentity: isNameVerified,
  };
  if (!isNameVerified || address.kind === 'socket' || isIP(address.host) === 0) return { ssl };
  // For an address the driver would look for `localhost` in the certificate: Node takes the host of the stream, which lacks it then.
  const { host, port } = address;
  return { ssl, stream: () => Object.assign(connect({ host, port, noDelay: true }), { _host: host }) };
}

/**
 * What a tool is told. Its words depend on whose it is, which of one in a container only its name and its server say.
 *
 * Shape: paths of this machine mean nothing in a container. MariaDB's tools verify by `ssl-ca` alone, and names too by `ssl-verify-server-cert`.
 */
export function encryptionOptions(
  { mode, files }: Encryption,
  { facts, flavour, inContainer }: ResolvedTool,
  server: ResolvedTool['flavour'],
): readonly ToolOption[] {
  const named: readonly (readonly [string, string | undefined])[] =
    inContainer || mode === 'DISABLED'
      ? []
      : [
          ['ssl-ca', files.ca],
          ['ssl-cert', files.cert],
          ['ssl-key', files.key],
        ];
  const paths = named.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  if (mode === 'PREFERRED') return paths;
  const isMariadb = (flavour ?? (facts.path.includes('mariadb') ? 'mariadb' : server)) === 'mariadb';
  if (!isMariadb) return [...paths, { name: 'ssl-mode', value: mode }];
  if (mode === 'DISABLED') return [{ name: 'skip-ssl' }];
  const isChainOnly = mode === 'REQUIRED' || (mode === 'VERIFY_CA' && files.ca !== undefined && !inContainer);
  return [...paths, { name: 'ssl' }, ...(isChainOnly ? [] : [{ name: 'ssl-verify-server-cert' }])];
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
