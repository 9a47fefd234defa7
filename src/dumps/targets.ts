import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Target } from '../core/database.ts';
import type { ManifestTarget } from '../core/dumpManifest.ts';

/** Where a workspace folder and its dump directory really are: links resolved. */
export interface Places {
  readonly folder: string;
  readonly directory: string;
}

/** Resolves the links of both. What does not exist yet is placed in its nearest existing parent. */
export async function realPlaces({ folder, directory }: Places): Promise<Places> {
  return { folder: await realPath(folder), directory: await realPath(directory) };
}

/** The path without links; for what does not exist, below its nearest existing parent. Never fails. */
export async function realPath(path: string): Promise<string> {
  const absolute = resolve(path);
  const real = await realpath(absolute).catch(() => undefined);
  if (real !== undefined) return real;
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(await realPath(parent), basename(absolute));
}

/** The target that locks and listings compare: a file by its real path. */
export async function realTarget(target: Target): Promise<Target> {
  return target.kind === 'file' && isAbsolute(target.path) ? { ...target, path: await realPath(target.path) } : target;
}

/**
 * The target as a manifest keeps it.
 *
 * Shape: relative to the folder where both the file and the dumps lie in it, so that a moved workspace keeps its dumps;
 * absolute otherwise, so that two workspaces with one dump directory keep theirs apart.
 */
export async function manifestTarget(target: Target, places: Places): Promise<ManifestTarget> {
  const real = await realTarget(target);
  if (real.kind === 'server') return real;
  const { folder, directory } = await realPlaces(places);
  const isPortable = isInside(folder, real.path) && isInside(folder, directory);
  return isPortable ? { ...real, path: relative(folder, real.path).split(sep).join('/') } : real;
}

/** The target that a manifest means, for places that are real already; undefined when it means none here. */
export function targetOfManifest(target: ManifestTarget, { folder, directory }: Places): Target | undefined {
  if (target.kind === 'server' || isAbsolute(target.path)) return target;
  const isOurs = isInside(folder, directory) && !target.path.split('/').includes('..');
  return isOurs ? { ...target, path: join(folder, target.path) } : undefined;
}

/** True when `path` is `folder` or lies in it. Both absolute and real. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
