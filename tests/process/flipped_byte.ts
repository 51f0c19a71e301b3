/**
 * A disk that rots while its node is down.
 *
 * @module
 */

import { writtenBytesOf } from "../support/written_bytes.ts";

/** A byte that is another now. */
export interface FlippedByte {
  /** The file's name. */
  readonly file: string;
  readonly offsetBytes: number;
}

/** So far before the end no last batch reaches, whose damage cannot be told from a torn write. */
const LAST_BATCH_BYTES_MAX = 16_384;

/**
 * Flips a bit in the newest entry on a stopped node's disk that has `text` in it, but not among the
 * last.
 *
 * @throws {Error} if there is none
 */
export async function flipByteIn(dataDir: string, text: string): Promise<FlippedByte> {
  const segments = [...Deno.readDirSync(dataDir)].map(({ name }) => name)
    .filter((name) => name.startsWith("wal-") && name.endsWith(".log"))
    .sort().reverse();
  for (const [place, file] of segments.entries()) {
    const path = `${dataDir}/${file}`;
    const bytes = await Deno.readFile(path);
    const writtenBytes = writtenBytesOf(bytes);
    const end = place === 0 ? writtenBytes - LAST_BATCH_BYTES_MAX : writtenBytes;
    const offsetBytes = new TextDecoder("latin1").decode(bytes.subarray(0, Math.max(0, end)))
      .lastIndexOf(text);
    if (offsetBytes < 0) continue;
    bytes[offsetBytes]! ^= 0x04;
    await Deno.writeFile(path, bytes);
    return { file, offsetBytes };
  }
  throw new Error(`Cannot flip a byte: No segment in "${dataDir}" holds "${text}"`);
}
