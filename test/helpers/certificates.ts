import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A certificate and its key, PEM, each in a file. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** An authority of one's own. */
export interface Authority {
  /** The file of its certificate. */
  readonly certificate: string;
  /** Makes a certificate for a name, and for what `names` say, as `IP:127.0.0.1`. */
  sign(name: string, names?: string): Certified;
  /** The same for a server whose clients have certificates of this authority. */
  signServer(name: string, names?: string): ServerCertificates;
}

/** The files that a server is started with; `ca` is the authority of its clients. */
export interface ServerCertificates extends Certified {
  readonly ca: string;
}

/** Makes an authority with a key that nobody else has; its files, and those of what it signs, begin with `name`. */
export function makeAuthority(folder: string, name: string): Authority {
  const own = filesAt(folder, name);
  makeCertificate(own, [`/CN=${name}`, 'basicConstraints=critical,CA:TRUE'], []);
  const sign = (subject: string, names = `DNS:${subject}`): Certified => {
    const files = filesAt(folder, `${name}-${subject}`);
    makeCertificate(
      files,
      [`/CN=${subject}`, 'basicConstraints=CA:FALSE', `subjectAltName=${names}`],
      ['-CA', own.cert, '-CAkey', own.key],
    );
    return files;
  };
  return { certificate: own.cert, sign, signServer: (...words) => ({ ...sign(...words), ca: own.cert }) };
}

/** A server that refuses a certificate says so, and ends the connection before that is heard or after. */
export const refusals = ['connection.denied', 'connection.lost'];

/** What is said of each way in which encryption fails. */
export const meanings = {
  unknownServer: 'an authority that is not trusted',
  wrongName: 'another name',
  unencrypted: 'does not encrypt',
  unknownClient: 'a certificate of yours that it trusts',
  failed: 'could not be made',
};

/** Copies for a server with an account of its own, which wants its key for itself. */
export function copiesFor(
  account: { readonly uid?: number; readonly gid?: number },
  { cert, key, ca }: ServerCertificates,
  folder: string,
): ServerCertificates {
  const copied = (file: string, name: string): string => {
    const copy = join(folder, `${name}-${basename(file)}`);
    copyFileSync(file, copy);
    chmodSync(copy, 0o600);
    if (account.uid !== undefined && account.gid !== undefined) chownSync(copy, account.uid, account.gid);
    return copy;
  };
  return { cert: copied(cert, 'own'), key: copied(key, 'own'), ca: copied(ca, 'clients') };
}

/** Writes a key and a certificate for this machine that vouches for itself, into one file. */
export function writeCertificate(file: string): void {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  writeFileSync(file, openssl([...newKey, ...subject, '-keyout', '-', '-out', '-']), { mode: 0o600 });
}

const newKey = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

function filesAt(folder: string, name: string): Certified {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

function makeCertificate(
  { cert, key }: Certified,
  [subject = '', ...extensions]: readonly string[],
  by: readonly string[],
): void {
  const words = ['-subj', subject, ...extensions.flatMap((extension) => ['-addext', extension]), ...by];
  openssl([...newKey, ...words, '-keyout', key, '-out', cert]);
  chmodSync(key, 0o600);
}

function openssl(words: readonly string[]): string {
  const made = spawnSync('openssl', words, { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr}`);
  return made.stdout;
}
