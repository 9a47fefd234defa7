import type { SettingsInput, ValueName } from './settings.ts';
import { valueNames } from './settings.ts';

/**
 * The layers and values of one settings.json, for whoever has no editor to ask.
 *
 * Shape: `json` is the parsed file, with full names (`dbbackup.databases`). `scope` is `folder` for the workspace's own file, where
 * machine settings such as `dbbackup.tools` do not count, and `file` for a file that the caller named, where they do and where
 * `dbbackup.dumpDirectory` may lie outside the workspace.
 */
export function settingsOfFile(json: unknown, scope: 'folder' | 'file'): Pick<SettingsInput, 'layers' | 'values'> {
  const settings: Readonly<Record<string, unknown>> = typeof json === 'object' && json !== null ? { ...json } : {};
  const names = valueNames.filter((name) => name !== 'tools' || scope === 'file');
  const values: Partial<Record<ValueName, { scope: typeof scope; value: unknown }>> = {};
  for (const name of names) {
    const value = settings[`dbbackup.${name}`];
    if (value !== undefined) values[name] = { scope, value };
  }
  return { layers: [{ scope, databases: settings['dbbackup.databases'], connectors: settings['dbbackup.connectors'] }], values };
}
