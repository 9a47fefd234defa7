import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';
import { packageExtension } from '../../scripts/package.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let packaged: Promise<string> | undefined;

/** The package of this machine's platform, made once per process from what `npm run build` has built. */
export async function productPackage(): Promise<string> {
  packaged ??= packageExtension();
  return packaged;
}

/** Packages the extension in test/fixtures/stall-probe, to be installed beside the product. Its head says how it measures. */
export async function stallProbePackage(): Promise<string> {
  const packagePath = join(root, 'out', 'stall-probe.vsix');
  mkdirSync(join(root, 'out'), { recursive: true });
  await createVSIX({
    cwd: join(root, 'test', 'fixtures', 'stall-probe'),
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
  });
  return packagePath;
}
