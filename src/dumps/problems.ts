import { BackupError } from '../core/errors.ts';

const hint = 'Choose another dump, or make a new one.';

/** A dump without a single byte. */
export function emptyDump(name: string): BackupError {
  return new BackupError('dumps.empty', `The dump ${name} is empty.`, { hint });
}

/** A dump that ends too early. */
export function truncatedDump(name: string, cause?: unknown): BackupError {
  return new BackupError('dumps.truncated', `The dump ${name} is cut off: its end is missing.`, { hint, cause });
}

/** A dump whose bytes are not those that were written. `what` ends the sentence after the dump's name. */
export function damagedDump(name: string, what: string, cause?: unknown): BackupError {
  return new BackupError('dumps.damaged', `The dump ${name} is damaged: ${what}.`, { hint, cause });
}

/** A dump that unpacks to more bytes than it may: what is called a decompression bomb. */
export function tooLargeDump(name: string, maxBytes: number): BackupError {
  const size = `${Math.ceil(maxBytes / 1_000_000)} MB`;
  return new BackupError('dumps.tooLarge', `The dump ${name} unpacks to more than ${size}, which its size does not explain.`, {
    hint: 'If you trust this dump, unpack it yourself and restore the unpacked file.',
  });
}
