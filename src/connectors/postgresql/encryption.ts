import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { BackupError } from '../../core/errors.ts';
import { readCertificates } from '../encryption.ts';
import { systemAuthorities } from './settings.ts';

/** How a connection is encrypted: what the driver is told, and whether it may do without where that fails. */
export interface Encryption {
  readonly ssl: ConnectionOptions | false;
  readonly isRequired: boolean;
}

const words = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' };

/**
 * As libpq does it by PGSSLMODE, PGSSLROOTCERT, PGSSLCERT and PGSSLKEY, or with the files in its own folder.
 *
 * Shape: an authority that is known vouches for the server in every mode, but only `verify-full` looks at the server's name.
 * Errors: `settings.invalid` for files that cannot be used, and where there is no authority to verify with.
 * Source: PostgreSQL manual, "SSL Support"; libpq's fe-secure-openssl.c.
 */
export async function encryptionOf(variables: Readonly<Record<string, string>>, host: string): Promise<Encryption> {
  const { PGSSLROOTCERT: root = '', PGSSLCERT: own = '', PGSSLKEY: ownKey = '' } = variables;
  // The authorities that the system trusts; libpq then accepts nothing less than verify-full.
  const isSystem = root === systemAuthorities;
  const mode = isSystem ? 'verify-full' : (variables['PGSSLMODE'] ?? 'prefer');
  if (mode === 'disable' || host.startsWith('/')) return { ssl: false, isRequired: false };
  const ca = isSystem ? undefined : await fileOf(root, 'root.crt');
  if (mode.startsWith('verify') && ca === undefined && !isSystem)
    throw new BackupError('settings.invalid', `There is no certificate of an authority for ${mode}: ${usual('root.crt')}.`, {
      hint: 'Set sslrootcert in OPTIONS to the certificate of the authority that the server’s own comes from.',
    });
  const cert = await fileOf(own, 'postgresql.crt');
  const key = cert === undefined ? undefined : ownKey === '' ? usual('postgresql.key') : ownKey;
  const ssl = {
    ...(await readCertificates({ ca, cert, key }, words)),
    rejectUnauthorized: isSystem || ca !== undefined,
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: (): undefined => undefined }),
  };
  return { ssl, isRequired: mode === 'require' || mode.startsWith('verify') };
}

/** The file that is named, else libpq's own where it is there. */
async function fileOf(named: string, name: string): Promise<string | undefined> {
  if (named !== '') return named;
  return access(usual(name)).then(
    () => usual(name),
    () => undefined,
  );
}

function usual(name: string): string {
  const appData = process.env['APPDATA'];
  return process.platform === 'win32' && appData !== undefined
    ? join(appData, 'postgresql', name)
    : join(homedir(), '.postgresql', name);
}
