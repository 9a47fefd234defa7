/**
 * The parts of a `mongodb://` or `mongodb+srv://` URI, percent-decoded.
 *
 * Shape: `hosts` is the list of hosts as it stands there; `options` in their order, names in their own spelling.
 */
export interface MongoUri {
  readonly scheme: 'mongodb' | 'mongodb+srv';
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly hosts: string;
  readonly database: string;
  readonly options: readonly (readonly [string, string])[];
}

const shape = /^(mongodb(?:\+srv)?):\/\/(?:([^@]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

/** Takes a URI apart; undefined for a text that is none. Source: the connection string specification. */
export function parseUri(text: string): MongoUri | undefined {
  const [, scheme, credentials, hosts, database = '', query = ''] = shape.exec(text) ?? [];
  if (scheme === undefined || hosts === undefined) return undefined;
  const colon = credentials?.indexOf(':') ?? -1;
  return {
    scheme: scheme.toLowerCase() === 'mongodb' ? 'mongodb' : 'mongodb+srv',
    user: credentials === undefined ? undefined : decoded(colon < 0 ? credentials : credentials.slice(0, colon)),
    password: credentials === undefined || colon < 0 ? undefined : decoded(credentials.slice(colon + 1)),
    hosts,
    database: decoded(database),
    options: query.split('&').flatMap((pair): [string, string][] => {
      const [name = '', ...value] = pair.split('=');
      return name === '' ? [] : [[name, decoded(value.join('='))]];
    }),
  };
}

/** The URI of these parts, never with a password. */
export function uriText({ scheme, user, hosts, options }: Omit<MongoUri, 'password' | 'database'>): string {
  const who = user === undefined || user === '' ? '' : `${encodeURIComponent(user)}@`;
  const query = options.map(([name, value]) => `${name}=${encodedValue(value)}`).join('&');
  return `${scheme}://${who}${hosts}/${query === '' ? '' : `?${query}`}`;
}

/** Lists such as `readPreferenceTags=dc:ny` keep the signs that separate their parts. */
function encodedValue(value: string): string {
  return encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
