/** What a thread of ours runs. From source this file is two folders below it; bundled, both lie side by side. */
export const threadEntry = new URL(
  import.meta.url.endsWith('.ts') ? '../../sqliteWorker.ts' : './sqliteWorker.js',
  import.meta.url,
);
