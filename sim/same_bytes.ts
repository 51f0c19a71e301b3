/**
 * Whether two runs of bytes are equal: asked for every entry that every node applies.
 *
 * @module
 */

/** Compares byte by byte. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
