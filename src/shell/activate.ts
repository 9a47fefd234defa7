import { homedir } from 'node:os';
import type * as vscode from 'vscode';
import type { Question } from '../core/run.ts';
import { stateDirectoryPath } from '../core/stateDirectory.ts';
import { Approvals } from './approvals.ts';
import { createApi, type DatabaseBackupApi } from './api.ts';
import { registerCompletion } from './completion.ts';
import { SettingsDiagnostics } from './diagnostics.ts';
import { EngineIcons } from './engineIcons.ts';
import { Inventory } from './inventory.ts';
import { Jobs } from './jobs.ts';
import { createLog } from './log.ts';
import { answerQuestion } from './prompts.ts';
import { ReadOnlyDocuments } from './readOnlyDocuments.ts';
import { registerCommands } from './registerCommands.ts';
import { Passwords } from './secrets.ts';
import { Settings } from './settings.ts';
import { TrackedPasswords } from './trackedPasswords.ts';
import { DatabaseTree } from './tree.ts';

/** Puts the shell together. It only registers: settings and dumps are read after it, unawaited. */
export function activate(context: vscode.ExtensionContext): DatabaseBackupApi {
  const log = createLog();
  const documents = new ReadOnlyDocuments();
  const settings = new Settings();
  const diagnostics = new SettingsDiagnostics(settings);
  const icons = new EngineIcons(context.extensionUri);
  const stateDirectory = stateDirectoryPath({ platform: process.platform, home: homedir(), env: process.env });
  const jobProcess = context.asAbsolutePath('dist/jobProcess.js');
  const passwords = new Passwords(context.secrets);
  const approvals = new Approvals(context.workspaceState, documents, stateDirectory);
  const answer = (question: Question): Promise<boolean> => answerQuestion(question, documents);
  const jobs = new Jobs({ jobProcess, log, answer, passwords, approvals });
  const inventory = new Inventory({ settings, jobs, log, stateDirectory });
  const tree = new DatabaseTree({ inventory, jobs, icons });
  const tracked = new TrackedPasswords(jobs, context.workspaceState);
  const shell = { settings, inventory, jobs, passwords, log, tree, icons, stateDirectory };

  context.subscriptions.push(log, documents, settings, diagnostics, jobs, inventory, tree, tracked);
  context.subscriptions.push(registerCommands(shell), registerCompletion(settings));
  inventory.start();
  void diagnostics.refresh();
  return createApi(shell);
}
