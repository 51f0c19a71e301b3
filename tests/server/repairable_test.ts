import { assertEquals, assertThrows } from "@std/assert";
import { encodeConfiguration } from "@raftkv/core/codec";
import { configurationOf, type DurableState, type Entry, type NodeId } from "@raftkv/core/raft";
import { CorruptLogError } from "@raftkv/storage";
import { entryOf, hardStateOf, pointOf, positionOf } from "../../storage/testing/fixtures.ts";
import { DamageWatch } from "../../server/damage_watch.ts";
import { checkRepairable } from "../../server/repairable.ts";

const memberOf = (id: string) => ({ id: id as NodeId, url: `http://${id}:8001` });
const ALONE = [memberOf("n1")];
const THREE = ["n1", "n2", "n3"].map(memberOf);

const WHOLE: DurableState = {
  hardState: hardStateOf(1),
  snapshot: null,
  base: positionOf(0, 0),
  entries: [entryOf(1, 1), entryOf(2, 1)],
};
const DAMAGED: DurableState = {
  ...WHOLE,
  entries: [entryOf(1, 1), { kind: "lost", ...positionOf(2, 1) }],
};
const STATELESS: DurableState = { ...WHOLE, base: positionOf(5, 1), entries: [] };

function refuses(recovered: DurableState, members: typeof THREE): boolean {
  try {
    checkRepairable(recovered, { directory: "data", members });
    return false;
  } catch (error) {
    assertThrows(
      () => {
        throw error;
      },
      CorruptLogError,
      "there is no other member to have it from",
    );
    return true;
  }
}

/** The entry that makes these the members. */
function configurationAt(index: number, members: typeof THREE): Entry {
  const payload = encodeConfiguration(configurationOf(members));
  return { ...entryOf(index, 1), kind: "configuration", payload };
}

Deno.test("a damaged node that is alone is refused, a whole one or one with peers is not", () => {
  assertEquals([WHOLE, DAMAGED, STATELESS].map((each) => refuses(each, ALONE)), [
    false,
    true,
    true,
  ]);
  assertEquals([WHOLE, DAMAGED, STATELESS].map((each) => refuses(each, THREE)), [
    false,
    false,
    false,
  ]);
});

Deno.test("who is alone is told by the log, then by the snapshot, then by the settings", () => {
  const grown = { ...DAMAGED, entries: [configurationAt(1, THREE), DAMAGED.entries[1]!] };
  const shrunk = { ...DAMAGED, entries: [configurationAt(1, ALONE), DAMAGED.entries[1]!] };
  assertEquals([refuses(grown, ALONE), refuses(shrunk, THREE)], [false, true]);
  const snapshot = { ...pointOf(1, 1), sizeBytes: 1, digest: "0".repeat(64) };
  assertEquals(refuses({ ...DAMAGED, snapshot }, ALONE), false);
});

Deno.test("what a snapshot covers needs nobody", () => {
  const snapshot = { ...pointOf(2, 1), sizeBytes: 1, digest: "0".repeat(64) };
  const covered = { ...snapshot, configuration: configurationOf(ALONE) };
  assertEquals(refuses({ ...DAMAGED, snapshot: covered }, ALONE), false);
});

Deno.test("damage is told once, and once that it is over", () => {
  const watch = new DamageWatch();
  const lost = [positionOf(2, 1), positionOf(3, 1)];
  const looks = [
    { isWhole: true, isStateLost: false, lost: [] },
    { isWhole: false, isStateLost: false, lost },
    { isWhole: false, isStateLost: false, lost: lost.slice(1) },
    { isWhole: true, isStateLost: false, lost: [] },
  ];
  assertEquals(looks.map((look) => watch.next(look)), [
    null,
    { kind: "damaged", lostEntries: 2, isStateLost: false },
    null,
    { kind: "repaired" },
  ]);
});
