// Who the entries in a damaged stretch were: told from what stands around it, or not at all.

import { assertEquals } from "@std/assert";
import { type Gap, lostIn } from "../../storage/gap.ts";
import { positionOf } from "../../storage/testing/fixtures.ts";

type Pair = readonly [index: number, term: number];

/** What is lost between two positions, as pairs; null if that cannot be told. */
function lost(
  before: Pair,
  target: Pair,
  known: { readonly isContiguous?: boolean; readonly entryFrames?: number } = {},
): Pair[] | null {
  const { isContiguous = false, entryFrames = null } = known;
  const gap: Gap = {
    offsetBytes: 100,
    endBytes: 300,
    batchStartBytes: 50,
    crossesBatches: !isContiguous,
    entryFrames,
  };
  const around = { before: positionOf(...before), isContiguous, target: positionOf(...target) };
  return lostIn(gap, around)?.map(({ index, term }) => [index, term] as const) ?? null;
}

Deno.test("between two entries of one term stand entries of that term", () => {
  assertEquals(lost([3, 2], [5, 2]), [[4, 2], [5, 2]]);
  assertEquals(lost([3, 2], [4, 2], { isContiguous: true }), [[4, 2]]);
  assertEquals(lost([3, 2], [3, 2]), []);
});

Deno.test("one entry of another term is known if nothing can have been replaced", () => {
  assertEquals(lost([3, 2], [4, 5], { isContiguous: true }), [[4, 5]]);
  assertEquals(lost([3, 2], [4, 5], { entryFrames: 1 }), [[4, 5]]);
  // A new leader may have replaced entry 3 as well.
  assertEquals(lost([3, 2], [4, 5]), null);
  assertEquals(lost([3, 2], [4, 5], { entryFrames: 2 }), null);
});

Deno.test("where the term changes among several entries, nobody knows where", () => {
  assertEquals(lost([3, 2], [5, 4], { isContiguous: true }), null);
  assertEquals(lost([3, 2], [5, 4], { entryFrames: 2 }), null);
});

Deno.test("an entry that replaces the last one is known by being alone", () => {
  assertEquals(lost([3, 2], [3, 4], { entryFrames: 1 }), [[3, 4]]);
  assertEquals(lost([3, 2], [3, 4]), null);
  assertEquals(lost([3, 2], [3, 4], { entryFrames: 2 }), null);
});

Deno.test("what a later batch has replaced is of no consequence", () => {
  assertEquals(lost([7, 2], [5, 1]), []);
});
