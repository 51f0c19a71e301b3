import { assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core";

/** PCG-XSH-RR 64/32 as the paper writes it, on whole 64-bit numbers. */
function naive(seed: number | bigint): () => number {
  const advance = (state: bigint) =>
    BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
  let state = advance(advance(0n) + BigInt.asUintN(64, BigInt(seed)));
  return () => {
    const old = state;
    state = advance(state);
    const shifted = BigInt.asUintN(32, ((old >> 18n) ^ old) >> 27n);
    const rotation = old >> 59n;
    const turned = (shifted >> rotation) | (shifted << ((32n - rotation) & 31n));
    return Number(BigInt.asUintN(32, turned)) / 2 ** 32;
  };
}

Deno.test("the generator gives the numbers of the paper's, from any seed", () => {
  for (const seed of [0, 1, 42, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -1, 2n ** 64n - 1n]) {
    const [mine, theirs] = [pcg32(seed), naive(seed)];
    for (let count = 0; count < 2_000; count++) assertEquals(mine(), theirs(), `${seed}: ${count}`);
  }
});
