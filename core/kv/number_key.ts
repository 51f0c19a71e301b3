/**
 * Numbers as byte strings of one length, so that their order is that of the numbers.
 *
 * @module
 */

/** An integer from 0 to 2^53 - 1 as 8 characters below 0x80. */
export function numberKey(value: number): string {
  return endingIn("", value);
}

/**
 * A byte string of at most a few thousand bytes with a number behind it. A short one is made in one
 * piece: joined from two it takes several times as long to compare. Of a long one that is the least.
 */
export function endingIn(text: string, value: number): string {
  const size = text.length;
  if (size > IN_ONE_PIECE_MAX) return text + numberKey(value);
  const units = new Array<number>(size + 8);
  for (let i = 0; i < size; i++) units[i] = text.charCodeAt(i);
  const high = Math.floor(value / TWO_28);
  const low = value % TWO_28;
  units[size] = (high >>> 21) & 0x7f;
  units[size + 1] = (high >>> 14) & 0x7f;
  units[size + 2] = (high >>> 7) & 0x7f;
  units[size + 3] = high & 0x7f;
  units[size + 4] = low >>> 21;
  units[size + 5] = (low >>> 14) & 0x7f;
  units[size + 6] = (low >>> 7) & 0x7f;
  units[size + 7] = low & 0x7f;
  return String.fromCharCode.apply(null, units);
}

/** Above about this size, copying byte by byte takes longer than all the rest. */
const IN_ONE_PIECE_MAX = 64;
const TWO_28 = 0x1000_0000;
