/**
 * How far a segment of the log is written.
 *
 * @module
 */

/** Where what was written into a segment ends: blank bytes may follow. */
export function writtenBytesOf(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}
