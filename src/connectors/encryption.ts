import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { BackupError } from '../core/errors.ts';
import type { Meaning } from './meanings.ts';

/** Paths of a connection's certificates, PEM: of the authority that vouches for the server, and our own with its key. */
export interface CertificateFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What is in these files, as drivers take it. */
export interface Certificates {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Reads certificates, and sees whether they can be used: tools say little of a file that is missing, and some of them go on without it.
 *
 * Shape: `words` are what the files are called in OPTIONS.
 * Errors: `settings.invalid` for a file that cannot be read, is not PEM, has a passphrase, or does not belong to its key.
 */
export async function readCertificates(
  files: CertificateFiles,
  words: Readonly<Record<keyof CertificateFiles, string>>,
): Promise<Certificates> {
  const read = async (part: keyof CertificateFiles): Promise<Certificates> => {
    const path = files[part];
    if (path === undefined) return {};
    try {
      return { [part]: await readFile(path, 'utf8') };
    } catch (error) {
      throw new BackupError('settings.invalid', `The file of ${words[part]} cannot be read: ${path}.`, {
        hint: `Correct ${words[part]} in OPTIONS, or see who may read the file.`,
        cause: error,
      });
    }
  };
  const certificates = { ...(await read('ca')), ...(await read('cert')), ...(await read('key')) };
  if (Object.keys(certificates).length === 0) return certificates;
  try {
    createSecureContext(certificates);
  } catch (error) {
    throw new BackupError('settings.invalid', `The certificates in OPTIONS cannot be used: ${files.cert ?? files.ca ?? ''}.`, {
      hint: `${words.cert} and ${words.key} have to be PEM files that belong together, the key without a passphrase.`,
      cause: error,
    });
  }
  return certificates;
}

/** What failures of encryption mean. `authority` and `own` are what the settings call these certificates. */
export function encryptionMeanings({
  authority,
  own,
}: {
  readonly authority: string;
  readonly own: string;
}): Readonly<Record<'unencrypted' | 'unknownServer' | 'wrongName' | 'unknownClient' | 'failed', (where: string) => Meaning>> {
  const code = 'connection.denied';
  return {
    unencrypted: (where) => ({
      code,
      sentence: `The server does not encrypt connections: ${where}.`,
      hint: 'Have the server encrypt, or do not ask for it in OPTIONS.',
    }),
    unknownServer: (where) => ({
      code,
      sentence: `The server’s certificate is of an authority that is not trusted here: ${where}.`,
      hint: `Set ${authority} in OPTIONS to the certificate of the authority that the server’s own comes from.`,
    }),
    wrongName: (where) => ({
      code,
      sentence: `The server’s certificate is for another name: ${where}.`,
      hint: 'Correct HOST: it has to be a name that the certificate is for.',
    }),
    unknownClient: (where) => ({
      code,
      sentence: `The server wants a certificate of yours that it trusts: ${where}.`,
      hint: `Set ${own} in OPTIONS to one that is for USER, and of an authority that the server trusts.`,
    }),
    failed: (where) => ({
      code,
      sentence: `The encrypted connection could not be made: ${where}.`,
      hint: `Show the log, and correct ${authority} and ${own} in OPTIONS.`,
    }),
  };
}
