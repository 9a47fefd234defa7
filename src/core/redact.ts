import { uriPassword } from './settings/target.ts';

const shortestSecret = 3;

/**
 * Makes a function that masks secrets in text, in each form that a tool or a driver may print them.
 *
 * Shape: plain, JSON-escaped, URI-encoded (both spellings of a space), Base64 and SQL-quoted; the longest form is masked first.
 * A secret shorter than three characters is not masked: it would make every text unreadable.
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= shortestSecret).flatMap(formsOf))];
  forms.sort((a, b) => b.length - a.length);
  return (text) => forms.reduce((masked, form) => masked.replaceAll(form, '***'), text);
}

function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encoded,
    encoded.replaceAll('%20', '+'),
    Buffer.from(secret, 'utf8').toString('base64'),
    secret.replaceAll("'", "''"),
  ];
}

const secretName = /PASSWORD|SECRET|TOKEN|PASSPHRASE|PRIVATE_KEY/i;

/** True for a key or a variable whose name says that its value is secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Every string in a database's keys whose name says that it is secret, at any depth, and the passwords in its URIs. */
export function secretsOf(keys: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(keys).flatMap(([name, value]) => {
    if (typeof value === 'string') return isSecretName(name) ? [value] : inUri(value);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return secretsOf({ ...value });
    return [];
  });
}

/** The secrets of a URI: its password, and that of a key among its options. As they stand there, and decoded. */
function inUri(text: string): string[] {
  const found = [uriPassword(text), ...(/[?&]tlsCertificateKeyFilePassword=([^&#]+)/i.exec(text)?.slice(1) ?? [])];
  return found.filter((secret) => secret !== '').flatMap((secret) => [secret, decoded(secret)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
