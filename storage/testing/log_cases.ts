/**
 * The contract of the log: what is appended, and what is there after a crash.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { InvariantViolation, type Store } from "@raftkv/core";
import { type PersistBatch, POSITION_ZERO } from "@raftkv/core/raft";
import { batchOf, entriesOf, entryOf, hardStateOf, positionOf } from "./fixtures.ts";
import type { StoreCase, StorePlace } from "./subject.ts";

/** Tests of the log. */
export const LOG_CASES: readonly StoreCase[] = [
  {
    rule: "a new place holds nothing",
    run: async (place) => {
      const store = await place.open();
      assertEquals(store.recovered, {
        hardState: hardStateOf(0),
        snapshot: null,
        base: POSITION_ZERO,
        entries: [],
      });
      await store.close();
    },
  },
  {
    rule: "what an append promised is there after a crash, byte for byte",
    run: async (place) => {
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      const entries = [
        { ...entryOf(1, 1), kind: "noop" as const, payload: new Uint8Array() },
        { ...entryOf(2, 1), kind: "configuration" as const, payload: all },
        { ...entryOf(3, 2), timeMs: 1_767_225_600_123 },
      ];
      const { recovered } = await afterCrash(place, [batchOf(entries, hardStateOf(2, "n2"))]);
      assertEquals(recovered.entries, entries);
      assertEquals(recovered.hardState, hardStateOf(2, "n2"));
    },
  },
  {
    rule: "a batch may hold a hard state alone, entries alone, or nothing",
    run: async (place) => {
      const { recovered } = await afterCrash(place, [
        batchOf([], hardStateOf(1, "n1")),
        batchOf(entriesOf(1, { first: 1, last: 3 })),
        batchOf([]),
      ]);
      assertEquals(recovered.hardState, hardStateOf(1, "n1"));
      assertEquals(recovered.entries, entriesOf(1, { first: 1, last: 3 }));
    },
  },
  {
    rule: "the last hard state counts",
    run: async (place) => {
      const { recovered } = await afterCrash(place, [
        batchOf([], hardStateOf(1, null)),
        batchOf([], hardStateOf(1, "n3")),
        batchOf([], hardStateOf(4, null)),
      ]);
      assertEquals(recovered.hardState, hardStateOf(4, null));
    },
  },
  {
    rule: "an entry at or before the end replaces it and all that follow",
    run: async (place) => {
      const { recovered } = await afterCrash(place, [
        batchOf(entriesOf(1, { first: 1, last: 10 })),
        batchOf(entriesOf(2, { first: 6, last: 7 })),
        batchOf(entriesOf(3, { first: 7, last: 7 })),
      ]);
      assertEquals(recovered.entries, [
        ...entriesOf(1, { first: 1, last: 5 }),
        entryOf(6, 2),
        entryOf(7, 3),
      ]);
    },
  },
  {
    rule: "the first entry of all can be replaced",
    run: async (place) => {
      const { recovered } = await afterCrash(place, [
        batchOf(entriesOf(1, { first: 1, last: 2 })),
        batchOf(entriesOf(2, { first: 1, last: 1 })),
      ]);
      assertEquals(recovered.entries, [entryOf(1, 2)]);
    },
  },
  {
    rule: "a store goes on where it ended, through any number of crashes",
    run: async (place) => {
      for (let index = 1; index <= 5; index++) {
        const store = await place.open();
        assertEquals(store.recovered.entries, entriesOf(1, { first: 1, last: index - 1 }));
        await store.append(batchOf([entryOf(index, 1)]));
        await place.crash();
      }
    },
  },
  {
    rule: "a closed store opens with what it held",
    run: async (place) => {
      const store = await place.open();
      await store.append(batchOf(entriesOf(1, { first: 1, last: 3 }), hardStateOf(1, "n1")));
      await store.close();
      const next = await place.open();
      assertEquals(next.recovered.entries.length, 3);
      assertEquals(next.recovered.hardState, hardStateOf(1, "n1"));
      await next.close();
    },
  },
  {
    rule: "a large batch is one batch",
    run: async (place) => {
      const entries = entriesOf(1, { first: 1, last: 2_000 });
      const large = { ...entryOf(2_001, 1), payload: new Uint8Array(1_048_576).fill(7) };
      const { recovered } = await afterCrash(place, [batchOf([...entries, large])]);
      assertEquals(recovered.entries.length, 2_001);
      assertEquals(recovered.entries.at(-1), large);
    },
  },
  refused("a gap in the log", batchOf([entryOf(5, 1)])),
  refused("a gap in a batch", batchOf([entryOf(4, 1), entryOf(6, 1)])),
  refused("an entry before the first", batchOf([entryOf(0, 1)])),
  refused("an entry without a term", batchOf([entryOf(4, 0)])),
  refused(
    "an entry of an older term than the one before it",
    batchOf([entryOf(4, 2), entryOf(5, 1)]),
  ),
  refused("a no-op that carries something", batchOf([{ ...entryOf(4, 1), kind: "noop" }])),
  refused("a term that goes back", batchOf([], hardStateOf(1))),
  refused("a changed vote", batchOf([], hardStateOf(2, "n2"))),
  refused("a vote taken back", batchOf([], hardStateOf(2, null))),
  {
    rule: "after close every call is refused",
    run: async (place) => {
      const store = await place.open();
      await store.close();
      await assertRejects(() => store.append(batchOf([entryOf(1, 1)])));
      await assertRejects(() => store.compact(positionOf(1, 1).index));
      await assertRejects(() => store.readSnapshot(positionOf(1, 1).index, 0, 1));
    },
  },
];

/** Appends batch after batch, crashes, and opens again. */
async function afterCrash(
  place: StorePlace,
  batches: readonly PersistBatch[],
): Promise<Pick<Store, "recovered">> {
  const store = await place.open();
  for (const batch of batches) await store.append(batch);
  await place.crash();
  const next = await place.open();
  const { recovered } = next;
  await next.close();
  return { recovered };
}

/** A batch that no replica within its specification writes, after entries 1 to 3 and a vote. */
function refused(what: string, batch: PersistBatch): StoreCase {
  return {
    rule: `${what} is refused and changes nothing`,
    run: async (place) => {
      const store = await place.open();
      await store.append(batchOf(entriesOf(1, { first: 1, last: 3 }), hardStateOf(2, "n1")));
      await assertRejects(() => store.append(batch), InvariantViolation);
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.entries, entriesOf(1, { first: 1, last: 3 }));
      assertEquals(next.recovered.hardState, hardStateOf(2, "n1"));
      await next.close();
    },
  };
}
