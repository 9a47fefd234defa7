import * as vscode from 'vscode';
import type { GitFacts } from '../core/job.ts';

interface Repository {
  /** Rejects for a file that the index does not have. */
  getObjectDetails(treeish: '', path: string): Promise<unknown>;
  readonly state: {
    readonly HEAD: { readonly name?: string; readonly commit?: string } | undefined;
    readonly workingTreeChanges: readonly unknown[];
    readonly indexChanges: readonly unknown[];
    readonly mergeChanges: readonly unknown[];
  };
}

interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): { getRepository(uri: vscode.Uri): Repository | null };
}

/**
 * Where the workspace stands in git, from VS Code's own git extension: git itself is never run, because a repository's configuration is code.
 *
 * Shape: undefined without the extension (Restricted Mode, disabled) or a repository.
 * Source: `extensions/git/src/api/git.d.ts` of VS Code, API version 1.
 */
export function gitFacts(folder: string): GitFacts | undefined {
  const repository = repositoryOf(vscode.Uri.file(folder));
  if (repository === undefined) return undefined;
  const { HEAD, workingTreeChanges, indexChanges, mergeChanges } = repository.state;
  return {
    ...(HEAD?.name === undefined ? {} : { branch: HEAD.name }),
    ...(HEAD?.commit === undefined ? {} : { commit: HEAD.commit }),
    dirty: workingTreeChanges.length + indexChanges.length + mergeChanges.length > 0,
  };
}

/** True for a file that git keeps versions of. False where nobody can say. */
export async function isTracked(file: vscode.Uri): Promise<boolean> {
  const repository = repositoryOf(file);
  if (repository === undefined) return false;
  return repository.getObjectDetails('', file.fsPath).then(
    () => true,
    () => false,
  );
}

function repositoryOf(uri: vscode.Uri): Repository | undefined {
  const extension = vscode.extensions.getExtension<unknown>('vscode.git');
  if (extension === undefined || !extension.isActive || !isGitExtension(extension.exports) || !extension.exports.enabled) {
    return undefined;
  }
  return extension.exports.getAPI(1).getRepository(uri) ?? undefined;
}

function isGitExtension(value: unknown): value is GitExtension {
  return (
    typeof value === 'object' && value !== null && 'enabled' in value && 'getAPI' in value && typeof value.getAPI === 'function'
  );
}
