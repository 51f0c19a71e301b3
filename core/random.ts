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
  let state = 0n;
  const advance = () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
  };
  advance();
  state = BigInt.asUintN(64, state + BigInt.asUintN(64, BigInt(seed)));
  advance();
  return () => {
    const old = state;
    advance();
    const shifted = Number(BigInt.asUintN(32, ((old >> 18n) ^ old) >> 27n));
    const rotation = Number(old >> 59n);
    const output = ((shifted >>> rotation) | (shifted << ((32 - rotation) & 31))) >>> 0;
    return output / 0x1_0000_0000;
  };
}
