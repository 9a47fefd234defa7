import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { composeFileNames } from '../core/plan.ts';

/** A service of a compose file. `port` is the one inside the container, behind the published one; `image` is empty where it is built. */
export interface ComposeService {
  readonly file: string;
  readonly name: string;
  readonly port: number;
  readonly image: string;
}

const longestFile = 1_048_576;

/**
 * The service of a folder's compose file that publishes a port on this machine. Only reads the file, and starts nothing.
 *
 * Shape: undefined without such a file, for one that cannot be read or is no YAML, and where no service or more than one publishes that port.
 */
export async function composeService(folder: string, publishedPort: number): Promise<ComposeService | undefined> {
  for (const name of composeFileNames) {
    const file = join(folder, name);
    const text = await readShort(file).catch(() => undefined);
    if (text !== undefined) return serviceIn(file, text, publishedPort);
  }
  return undefined;
}

async function readShort(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > longestFile) return '';
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function serviceIn(file: string, text: string, publishedPort: number): Promise<ComposeService | undefined> {
  const { load } = await import('js-yaml');
  let content: unknown;
  try {
    content = load(text);
  } catch {
    return undefined;
  }
  const found = entriesOf(fieldOf(content, 'services')).flatMap(([name, service]) => {
    const ports: unknown = fieldOf(service, 'ports');
    const inside = (Array.isArray(ports) ? ports : []).flatMap((port) => insideOf(port, publishedPort));
    const image = fieldOf(service, 'image');
    return inside.slice(0, 1).map((port) => ({ file, name, port, image: typeof image === 'string' ? image : '' }));
  });
  return found.length === 1 ? found[0] : undefined;
}

/** `5433:5432`, `127.0.0.1:5433:5432/tcp`, or `{ published, target }`. Source: the compose specification, ports. */
function insideOf(port: unknown, publishedPort: number): number[] {
  const isShort = typeof port === 'string' || typeof port === 'number';
  const words = isShort
    ? expanded(String(port))
        .replace(/\/tcp$/, '')
        .split(':')
    : [];
  const [inside, published] = isShort
    ? [words.at(-1), words.at(-2)]
    : [fieldOf(port, 'target'), fieldOf(port, 'published')].map((value) => expanded(String(value)));
  return Number(published) === publishedPort && Number(inside) > 0 ? [Number(inside)] : [];
}

/** `${PORT}`, `${PORT:-5432}` and `$PORT`, by the environment. */
function expanded(text: string): string {
  return text.replaceAll(/\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g, (_, name?: string, fallback?: string, bare?: string) => {
    const value = process.env[name ?? bare ?? ''];
    return value === undefined || value === '' ? (fallback ?? '') : value;
  });
}

function fieldOf(value: unknown, name: string): unknown {
  return entriesOf(value).find(([key]) => key === name)?.[1];
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
