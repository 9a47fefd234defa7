import type { DumpFormat, VerificationLevel } from '../../core/connector.ts';
import type { Contents } from '../../core/contents.ts';
import type { Run } from '../../core/run.ts';
import { fileBytes } from '../../system/fileBytes.ts';

const magic = [0x6d, 0xe2, 0x99, 0x81];

/** mongodump's archive. Quick reads every block and compares every checksum; full also looks at every value of every document. */
export const mongoArchiveFormat: DumpFormat = {
  id: 'mongo-archive',
  unlistedTables: 'kept',
  isAppended: true,
  sniff: (head) => magic.every((byte, index) => head[index] === byte),
  verify: (path, level, _workspace, run) => verifyArchive(fileBytes(path), level, run),
  verifyStream: (bytes, level, _workspace, run) => verifyArchive(bytes, level, run),
};

async function verifyArchive(bytes: AsyncIterable<Uint8Array>, level: VerificationLevel, run: Run): Promise<Contents> {
  // Every sniff loads this file; what decodes is loaded for archives only.
  const [{ readArchive }, { contentsOf }] = await Promise.all([import('./archive.ts'), import('./contents.ts')]);
  const onBytes = (doneBytes: number): void => {
    run.signal.throwIfAborted();
    if (level === 'full') run.progress({ phase: 'verifying', doneBytes });
  };
  return contentsOf(await readArchive(bytes, { depth: level === 'full' ? 'deep' : 'sums', onBytes }));
}
