/**
 * Byte strings: JavaScript strings in which each character stands for one byte. They compare in the
 * order of their bytes with `<`, and the engine keeps them at one byte a character.
 *
 * @module
 */

// Arguments of a call lie on the stack: longer strings are joined from pieces.
const CHUNK_BYTES = 4_096;

/** The byte string of `bytes[start..end)`. */
export function byteStringOf(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = "";
  for (let from = start; from < end; from += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, end - from);
    // Filled by hand and passed whole: a third of the time of `apply` on a typed array.
    const units = new Array<number>(size);
    for (let i = 0; i < size; i++) units[i] = bytes[from + i]!;
    const chunk = String.fromCharCode.apply(null, units);
    text = from === start ? chunk : text + chunk;
  }
  return text;
}

/** The bytes of a byte string. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
