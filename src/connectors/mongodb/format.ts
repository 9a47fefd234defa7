import type { DumpFormat, VerificationLevel } from '../../core/connector.ts';
import type { Contents } from '../../core/contents.ts';
import { fileBytes } from '../../system/fileBytes.ts';

const magic = [0x6d, 0xe2, 0x99, 0x81];

/** mongodump's archive. Quick reads every block and compares every checksum; full also looks at every value of every document. */
export const mongoArchiveFormat: DumpFormat = {
  id: 'mongo-archive',
  unlistedTables: 'kept',
  isAppended: true,
  sniff: (head) => magic.every((byte, index) => head[index] === byte),
  verify: (path, level, _workspace, run) =>
    verifyArchive(fileBytes(path), level, (doneBytes) => {
      run.signal.throwIfAborted();
      run.progress({ phase: 'verifying', doneBytes });
    }),
  // While a dump is made, its connector says how far it is.
  verifyStream: (bytes, level, _workspace, run) => verifyArchive(bytes, level, () => run.signal.throwIfAborted()),
};

async function verifyArchive(
  bytes: AsyncIterable<Uint8Array>,
  level: VerificationLevel,
  onBytes: (doneBytes: number) => void,
): Promise<Contents> {
  // Every sniff loads this file; what decodes is loaded for archives only.
  const [{ readArchive }, { contentsOf }] = await Promise.all([import('./archive.ts'), import('./contents.ts')]);
  return contentsOf(await readArchive(bytes, { depth: level === 'full' ? 'deep' : 'sums', onBytes }));
}
