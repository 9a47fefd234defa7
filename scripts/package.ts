// Packages the extension: `node scripts/package.ts [--all | target…]`. Without a target, for this machine.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every platform that a package is made for, by the name VS Code has for it. */
export const targets = [
  'linux-x64',
  'linux-arm64',
  'alpine-x64',
  'alpine-arm64',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
  'win32-arm64',
] as const;

/**
 * Packages what `npm run build` has built, for one platform.
 *
 * Shape:  returns the path `out/database-backup-<target>.vsix`. Of the prebuilt SQLites only the target's is in it.
 * Errors: an Error when the platform is none of `targets`, or nothing is built.
 */
export async function packageExtension(target: string = thisTarget()): Promise<string> {
  const prebuild = `${target.replace('alpine', 'linuxmusl')}.node`;
  if (!readdirSync(join(root, 'prebuilds')).includes(prebuild))
    throw new Error(`There is no package for ${target}: ${targets.join(', ')}.`);
  mkdirSync(join(root, 'out'), { recursive: true });
  const ignoreFile = join(root, 'out', `${target}.vscodeignore`);
  writeFileSync(ignoreFile, `${readFileSync(join(root, '.vscodeignore'), 'utf8')}!prebuilds/${prebuild}\n`);
  const packagePath = join(root, 'out', `database-backup-${target}.vsix`);
  // Relative links stay as they are: the pictures they name are in the package.
  await createVSIX({
    cwd: root,
    target,
    packagePath,
    ignoreFile,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  return packagePath;
}

/** The target of this machine. */
export function thisTarget(): string {
  const platform = existsSync('/etc/alpine-release') ? 'alpine' : process.platform;
  return `${platform}-${process.arch}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  const chosen = asked.includes('--all') ? targets : asked.length > 0 ? asked : [thisTarget()];
  for (const target of chosen) await packageExtension(target);
}
