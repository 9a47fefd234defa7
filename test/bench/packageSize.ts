import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { productPackage } from '../helpers/packages.ts';
import type { Row } from './measure.ts';

const bundle = fileURLToPath(new URL('../../dist/extension.js', import.meta.url));

/** What a user downloads, and what each window loads of it. */
export async function measurePackage(): Promise<readonly Row[]> {
  return [
    { what: 'package', unit: 'MiB', values: [statSync(await productPackage()).size / 1_048_576], reach: 3 },
    { what: "the extension's bundle", unit: 'KiB', values: [statSync(bundle).size / 1024], reach: 300 },
  ];
}
