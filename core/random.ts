/**
 * The one source of chance in the repository: seeded, small, the same everywhere.
 *
 * @module
 */

/** A source of numbers in [0, 1). */
export type Random = () => number;

/** Draws a positive integer of 52 bits: a name that will not be drawn again. */
export function drawId(random: Random): number {
  return Math.floor(random() * 0x10_0000) * 0x1_0000_0000 + Math.floor(random() * 0x1_0000_0000) +
    1;
}

/**
 * PCG-XSH-RR 64/32 (O'Neill 2014) on 32-bit halves: 64 bits of state, 32 bits out.
 *
 * @param seed Any number or bigint; equal seeds give equal sequences.
 */
export function pcg32(seed: number | bigint): Random {
  const start = BigInt.asUintN(64, INCREMENT + BigInt.asUintN(64, BigInt(seed)));
  let high = Number(start >> 32n);
  let low = Number(start & 0xffff_ffffn);

  /** state = state * 6364136223846793005 + 1442695040888963407, modulo 2^64. */
  const advance = () => {
    // The product of the low halves, from 16-bit pieces: JavaScript multiplies 32 bits exactly, not 64.
    const low0 = low & 0xffff;
    const low1 = low >>> 16;
    const middle = low1 * FACTOR_LOW_0 + ((low0 * FACTOR_LOW_0) >>> 16);
    const carried = low0 * FACTOR_LOW_1 + (middle & 0xffff);
    const productHigh = low1 * FACTOR_LOW_1 + Math.floor(middle / 0x1_0000) +
      Math.floor(carried / 0x1_0000);
    const crossed = Math.imul(high, FACTOR_LOW) + Math.imul(low, FACTOR_HIGH);
    const sum = (Math.imul(low, FACTOR_LOW) >>> 0) + INCREMENT_LOW;
    low = sum >>> 0;
    high = (productHigh + crossed + INCREMENT_HIGH + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
  };

  advance();
  return () => {
    // Bits 27 to 58 of (state >> 18) ^ state, turned by the topmost five.
    const shiftedHigh = ((high >>> 18) ^ high) >>> 0;
    const shiftedLow = (((low >>> 18) | (high << 14)) ^ low) >>> 0;
    const shifted = ((shiftedLow >>> 27) | (shiftedHigh << 5)) >>> 0;
    const rotation = high >>> 27;
    advance();
    const output = ((shifted >>> rotation) | (shifted << ((32 - rotation) & 31))) >>> 0;
    return output / 0x1_0000_0000;
  };
}

const INCREMENT = 1442695040888963407n;
const INCREMENT_HIGH = 0x14057b7e;
const INCREMENT_LOW = 0xf767814f;
const FACTOR_HIGH = 0x5851f42d;
const FACTOR_LOW = 0x4c957f2d;
const FACTOR_LOW_1 = FACTOR_LOW >>> 16;
const FACTOR_LOW_0 = FACTOR_LOW & 0xffff;
