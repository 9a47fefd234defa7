import * as vscode from 'vscode';
import type { LogLevel } from '../core/run.ts';
import { visibleText } from '../core/words.ts';

/** The output channel *Database Backup*: the only place where words of tools, servers and files appear. */
export interface Log {
  write(level: LogLevel, text: string): void;
  show(): void;
  dispose(): void;
}

/** Opens the log. What is written has its control and bidirectional characters made visible. */
export function createLog(): Log {
  const channel = vscode.window.createOutputChannel('Database Backup', { log: true });
  const writers: Readonly<Record<LogLevel, (text: string) => void>> = {
    debug: (text) => channel.debug(text),
    info: (text) => channel.info(text),
    warning: (text) => channel.warn(text),
    error: (text) => channel.error(text),
  };
  return {
    write: (level, text) => writers[level](visibleText(text)),
    show: () => channel.show(true),
    dispose: () => channel.dispose(),
  };
}
