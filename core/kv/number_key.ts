/**
 * Numbers as byte strings of one length, so that their order is that of the numbers.
 *
 * @module
 */

/** An integer from 0 to 2^53 - 1 as 8 characters below 0x80. */
export function numberKey(value: number): string {
  const high = Math.floor(value / TWO_28);
  const low = value % TWO_28;
  return String.fromCharCode(
    (high >>> 21) & 0x7f,
    (high >>> 14) & 0x7f,
    (high >>> 7) & 0x7f,
    high & 0x7f,
    low >>> 21,
    (low >>> 14) & 0x7f,
    (low >>> 7) & 0x7f,
    low & 0x7f,
  );
}

const TWO_28 = 0x1000_0000;
