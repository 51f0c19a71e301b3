import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type Key, KEY_FIRST, keyFromBytes } from "@raftkv/core/kv";
import { Tree, type TreeReader } from "../../../core/kv/tree.ts";
import { pcg32, type Random } from "../../../core/random.ts";

/** What the tree stands for: a list of pairs, sorted anew for each question. */
class Twin {
  readonly pairs = new Map<Key, number>();

  pairsFrom(start: Key): [Key, number][] {
    return [...this.pairs].filter(([key]) => key >= start).sort(([a], [b]) => a < b ? -1 : 1);
  }
}

Deno.test("a tree answers as a sorted list does, through growth and decline", () => {
  for (const keys of [5, 100, 3_000]) {
    const random = pcg32(keys);
    const tree = new Tree<number>();
    const twin = new Twin();
    for (let round = 0; round < 12; round++) {
      // Rounds that mostly grow alternate with rounds that empty the tree almost wholly.
      const putShare = round % 2 === 0 ? 0.9 : 0.05;
      for (let i = 0; i < keys * 2; i++) writeBoth({ tree, twin, random, keys, putShare });
      assertSame(tree, twin, random);
    }
  }
});

Deno.test("a view stays as it was taken, whatever is written to the tree later", () => {
  const random = pcg32(7);
  const tree = new Tree<number>();
  const twin = new Twin();
  const held: { readonly view: TreeReader<number>; readonly pairs: [Key, number][] }[] = [];
  for (let round = 0; round < 900; round++) {
    // In decline only a few keys go between one view and the next, so that neighbours are joined
    // which both still belong to a view.
    const putShare = round % 450 < 150 ? 0.95 : 0.05;
    for (let i = 0; i < 10; i++) writeBoth({ tree, twin, random, keys: 900, putShare });
    held.push({ view: tree.view(), pairs: twin.pairsFrom(KEY_FIRST) });
  }
  for (const { view, pairs } of held) {
    assertEquals(view.size, pairs.length);
    assert(isSame(pairsOf(view, KEY_FIRST), pairs));
    for (const [key, value] of pairs.slice(0, 50)) assertStrictEquals(view.get(key), value);
  }
});

Deno.test("a tree that has shrunk is searched like a small one", () => {
  // What was just looked up is taken out on a shorter way.
  for (const isLookedUp of [false, true]) {
    const tree = new Tree<number>();
    for (let i = 0; i < 20_000; i++) tree.set(key(i), i);
    for (let i = 0; i < 20_000; i++) {
      if (i % 1_000 === 0) continue;
      if (isLookedUp) tree.get(key(i));
      tree.delete(key(i));
    }
    let comparisons = 0;
    const probe = {
      valueOf: () => {
        comparisons++;
        return key(10_000);
      },
    };
    // Only what compares a key is asked of it, so that comparisons can be counted.
    tree.get(probe as unknown as Key);
    assertEquals(tree.size, 20);
    assert(comparisons <= 6);
  }
});

Deno.test("a key that was read is written where it is by then", () => {
  const random = pcg32(11);
  const tree = new Tree<number>();
  const twin = new Twin();
  for (let round = 0; round < 400; round++) {
    for (let number = 0; number < 300; number++) {
      tree.set(key(number), round);
      twin.pairs.set(key(number), round);
    }
    const chosen = key(Math.floor(random() * 300));
    tree.get(chosen);
    // So many others go that leaves are joined.
    for (let i = 0; i < 400; i++) {
      const other = key(Math.floor(random() * 300));
      if (other === chosen) continue;
      tree.delete(other);
      twin.pairs.delete(other);
    }
    tree.set(chosen, -1);
    twin.pairs.set(chosen, -1);
    assert(isSame(pairsOf(tree, KEY_FIRST), twin.pairsFrom(KEY_FIRST)));
  }
});

Deno.test("keys set in ascending or descending order come out in order", () => {
  for (const step of [1, -1]) {
    const tree = new Tree<number>();
    const numbers = Array.from({ length: 20_000 }, (_, i) => i);
    for (const number of step > 0 ? numbers : numbers.toReversed()) tree.set(key(number), number);
    assert(isSame(pairsOf(tree, KEY_FIRST), numbers.map((number) => [key(number), number])));
    for (const number of numbers) assert(tree.delete(key(number)));
    assertEquals(tree.size, 0);
    assertEquals(pairsOf(tree, KEY_FIRST), []);
  }
});

Deno.test("a scan ends when its visitor has seen enough", () => {
  const tree = new Tree<number>();
  for (let i = 0; i < 1_000; i++) tree.set(key(i), i);
  for (const most of [1, 63, 64, 65, 500]) {
    const seen: number[] = [];
    tree.scan(key(100), (_, value) => seen.push(value) < most);
    assertEquals(seen, Array.from({ length: most }, (_, i) => 100 + i));
  }
});

interface Write {
  readonly tree: Tree<number>;
  readonly twin: Twin;
  readonly random: Random;
  /** How many different keys there are. */
  readonly keys: number;
  /** Share of writes that set; the others delete. */
  readonly putShare: number;
}

function writeBoth({ tree, twin, random, keys, putShare }: Write): void {
  const chosen = key(Math.floor(random() * keys));
  if (random() < putShare) {
    const value = Math.floor(random() * 1_000_000);
    tree.set(chosen, value);
    twin.pairs.set(chosen, value);
  } else {
    assertStrictEquals(tree.delete(chosen), twin.pairs.delete(chosen));
  }
  assertStrictEquals(tree.size, twin.pairs.size);
  assertStrictEquals(tree.get(chosen), twin.pairs.get(chosen));
}

function assertSame(tree: Tree<number>, twin: Twin, random: Random): void {
  for (const start of [KEY_FIRST, key(0), key(Math.floor(random() * 3_000)), key(9_999_999)]) {
    assert(isSame(pairsOf(tree, start), twin.pairsFrom(start)));
  }
  for (let i = 0; i < 200; i++) {
    const chosen = key(Math.floor(random() * 3_000));
    assertStrictEquals(tree.get(chosen), twin.pairs.get(chosen));
  }
}

function pairsOf(reader: TreeReader<number>, start: Key): [Key, number][] {
  const pairs: [Key, number][] = [];
  reader.scan(start, (key, value) => pairs.push([key, value]) > 0);
  return pairs;
}

function isSame(a: readonly [Key, number][], b: readonly [Key, number][]): boolean {
  return a.length === b.length &&
    a.every(([key, value], i) => key === b[i]![0] && value === b[i]![1]);
}

/** Keys of several lengths, with bytes on both sides of 0x80 and common beginnings. */
function key(number: number): Key {
  const bytes = [number >>> 16, (number >>> 8) & 0xff, number & 0xff];
  return keyFromBytes(Uint8Array.from(number % 3 === 0 ? [...bytes, number & 0xff] : bytes));
}
