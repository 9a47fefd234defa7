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
  return packageFixture('stall-probe');
}

/** The same for test/fixtures/activation-probe. */
export async function activationProbePackage(): Promise<string> {
  return packageFixture('activation-probe');
}

async function packageFixture(name: string): Promise<string> {
  const packagePath = join(root, 'out', `${name}.vsix`);
  mkdirSync(join(root, 'out'), { recursive: true });
  await createVSIX({
    cwd: join(root, 'test', 'fixtures', name),
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
  });
  return packagePath;
}
