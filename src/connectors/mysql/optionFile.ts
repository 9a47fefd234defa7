/** Where a server listens: a socket's path, or a host and a port. */
export type Address =
  { readonly kind: 'socket'; readonly path: string } | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** An option of a tool; without a value a flag. */
export interface ToolOption {
  readonly name: string;
  readonly value?: string;
}

/** What the tools are told through a file. `password` is undefined where there is none to send. */
export interface OptionFile {
  readonly address: Address;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly encryption: readonly ToolOption[];
  /** Database and tables that a dump leaves out; restores have none. */
  readonly ignored: { readonly database: string; readonly tables: readonly string[] };
}

/**
 * The text of an option file: connection, password, encryption and the tables to leave out. For `--defaults-file`, mode 0600.
 *
 * Source: MySQL manual, "Using Option Files": values in double quotes keep spaces and `#`; `\` and `"` are escaped.
 * Tables stand under `[mysqldump]`, which both flavours' dump tools read: in `[client]` they would stop the restoring client.
 */
export function optionFileText({ address, user, password, encryption, ignored }: OptionFile): string {
  const lines = ['[client]', ...addressLines(address)];
  if (user !== undefined) lines.push(line('user', user));
  if (password !== undefined) lines.push(line('password', password));
  for (const { name, value } of encryption) lines.push(value === undefined ? name : line(name, value));
  if (ignored.tables.length > 0) lines.push('[mysqldump]');
  for (const table of ignored.tables) lines.push(line('ignore-table', `${ignored.database}.${table}`));
  return `${lines.join('\n')}\n`;
}

/** HOST beginning with `/` is a socket; any other, `localhost` included, is reached by TCP, whatever the tool would do by itself. */
export function addressOf(host: string, port: number): Address {
  return host.startsWith('/') ? { kind: 'socket', path: host } : { kind: 'tcp', host, port };
}

function addressLines(address: Address): string[] {
  if (address.kind === 'socket') return [line('socket', address.path), 'protocol=socket'];
  return [line('host', address.host), `port=${address.port}`, 'protocol=tcp'];
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b' };

function line(name: string, value: string): string {
  const escaped = value.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[\n\r\t\b]/g, (character) => escapes[character] ?? character);
  return `${name}="${escaped}"`;
}
