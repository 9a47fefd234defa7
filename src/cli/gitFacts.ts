import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { GitFacts } from '../core/job.ts';

/**
 * Branch and commit of the repository around `folder`, read from its files: `git` itself is never run, because a repository's configuration is code.
 *
 * Shape: undefined outside a repository; a detached HEAD has a commit and no branch. Linked worktrees are followed.
 */
export async function gitFacts(folder: string): Promise<GitFacts | undefined> {
  const gitDirectory = await findGitDirectory(folder);
  if (gitDirectory === undefined) return undefined;
  const head = (await readText(join(gitDirectory, 'HEAD')))?.trim();
  if (head === undefined) return undefined;
  const ref = /^ref: (refs\/(?!.*\.\.)[^\0]+)$/.exec(head)?.[1];
  if (ref === undefined) return isCommit(head) ? { commit: head } : undefined;
  const commit = await commitOf(gitDirectory, ref);
  return { branch: ref.replace(/^refs\/heads\//, ''), ...(commit === undefined ? {} : { commit }) };
}

async function findGitDirectory(folder: string): Promise<string | undefined> {
  const candidate = join(folder, '.git');
  if ((await readText(join(candidate, 'HEAD'))) !== undefined) return candidate;
  const link = /^gitdir: (.+)$/m.exec((await readText(candidate)) ?? '')?.[1];
  if (link !== undefined) return resolve(folder, link.trim());
  const parent = dirname(folder);
  return parent === folder ? undefined : findGitDirectory(parent);
}

async function commitOf(gitDirectory: string, ref: string): Promise<string | undefined> {
  const common = (await readText(join(gitDirectory, 'commondir')))?.trim();
  const directory = common === undefined ? gitDirectory : resolve(gitDirectory, common);
  const loose = (await readText(join(directory, ref)))?.trim();
  if (loose !== undefined && isCommit(loose)) return loose;
  const packed = (await readText(join(directory, 'packed-refs'))) ?? '';
  const line = packed.split('\n').find((candidate) => candidate.endsWith(` ${ref}`));
  return line?.split(' ')[0];
}

const isCommit = (text: string): boolean => /^[0-9a-f]{40,64}$/.test(text);

const readText = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);
