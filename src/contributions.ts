/** Ids of the commands that package.json declares. A test compares both. */
export const commandIds = {
  backup: 'dbbackup.backup',
  backupAll: 'dbbackup.backupAll',
  restore: 'dbbackup.restore',
  restoreLatest: 'dbbackup.restoreLatest',
  undoRestore: 'dbbackup.undoRestore',
  verify: 'dbbackup.verify',
  delete: 'dbbackup.delete',
  reveal: 'dbbackup.reveal',
  copyPath: 'dbbackup.copyPath',
  showAll: 'dbbackup.showAll',
  clean: 'dbbackup.clean',
  cancel: 'dbbackup.cancel',
  addDatabase: 'dbbackup.addDatabase',
  setPassword: 'dbbackup.setPassword',
  forgetPassword: 'dbbackup.forgetPassword',
  movePassword: 'dbbackup.movePassword',
  chooseTool: 'dbbackup.chooseTool',
  openSettings: 'dbbackup.openSettings',
  refresh: 'dbbackup.refresh',
  showLog: 'dbbackup.showLog',
} as const;

export type CommandId = (typeof commandIds)[keyof typeof commandIds];

/** The activity bar's container and its one view. */
export const containerId = 'dbbackup';
export const viewId = 'dbbackup.databases';

/** Context keys that the `when` clauses of package.json read. */
export const contextKeys = {
  /** True once settings and dumps have been read for the first time, so that no welcome text flashes by. */
  ready: 'dbbackup.ready',
  /** True while the settings name a database that works. */
  hasDatabases: 'dbbackup.hasDatabases',
} as const;

/**
 * Kinds of rows, for the `viewItem` conditions of package.json.
 *
 * Shape: `database.*` rows hold dumps; `server` is a database that has a password and tools; `safety` is the safety dump that an undo would restore.
 */
export const rowKinds = {
  folder: 'folder',
  database: 'database',
  serverDatabase: 'database.server',
  busyDatabase: 'database.busy',
  brokenDatabase: 'database.broken',
  recordedDatabase: 'database.recorded',
  dump: 'dump',
  safetyDump: 'dump.safety',
  busyDump: 'dump.busy',
  otherDumps: 'otherDumps',
  showAll: 'showAll',
} as const;

export type RowKind = (typeof rowKinds)[keyof typeof rowKinds];

/** Settings that package.json declares, generated from the schemas of the core. */
export const settingKeys = {
  databases: 'dbbackup.databases',
  connectors: 'dbbackup.connectors',
  connectorMapping: 'dbbackup.connectorMapping',
  dumpDirectory: 'dbbackup.dumpDirectory',
  filenameTemplate: 'dbbackup.filenameTemplate',
  dateFormat: 'dbbackup.dateFormat',
  hostname: 'dbbackup.hostname',
  compression: 'dbbackup.compression',
  verification: 'dbbackup.verification',
  safetyBackup: 'dbbackup.safetyBackup',
  cleanupKeep: 'dbbackup.cleanupKeep',
  tools: 'dbbackup.tools',
} as const;
