import { assert, assertEquals } from "@std/assert";
import { type Key, keyAfter, keyFromBytes, keyToBytes, parseKey, prefixEnd } from "@raftkv/core/kv";

Deno.test("a key has from 1 to 2,048 bytes", () => {
  assertEquals(parseKey(new Uint8Array()), null);
  assertEquals(parseKey(new Uint8Array(2_049)), null);
  for (const size of [1, 2_048]) assertEquals(parseKey(new Uint8Array(size))?.length, size);
});

Deno.test("bytes make a key and come back from it, in the same order", () => {
  for (const a of shortStrings()) {
    assertEquals([...keyToBytes(keyFromBytes(Uint8Array.from(a)))], a);
    for (const b of shortStrings()) {
      assertEquals(Math.sign(compareBytes(a, b)), keyOrder(keyOf(a), keyOf(b)));
    }
  }
});

Deno.test("the end of a prefix parts the keys that begin with it from those beyond", () => {
  for (const prefix of shortStrings()) {
    const end = prefixEnd(keyOf(prefix));
    if (end !== null) assertEquals(keyFromBytes(keyToBytes(end)), end);
    for (const bytes of shortStrings()) {
      const key = keyOf(bytes);
      const isInside = key >= keyOf(prefix) && (end === null || key < end);
      assertEquals(isInside, key.startsWith(keyOf(prefix)));
    }
  }
});

Deno.test("nothing lies between a key and the key after it", () => {
  for (const a of shortStrings()) {
    const key = keyOf(a);
    assert(key < keyAfter(key));
    for (const b of shortStrings()) assert(!(key < keyOf(b) && keyOf(b) < keyAfter(key)));
  }
});

/** Every string of up to three bytes from those where the order could go wrong. */
function shortStrings(): number[][] {
  const strings: number[][] = [[]];
  for (let from = 0, size = 0; size < 3; size++) {
    const to = strings.length;
    for (; from < to; from++) {
      for (const byte of [0x00, 0x61, 0x7f, 0x80, 0xfe, 0xff]) {
        strings.push([...strings[from]!, byte]);
      }
    }
  }
  return strings;
}

function keyOf(bytes: readonly number[]): Key {
  return keyFromBytes(Uint8Array.from(bytes));
}

function keyOrder(a: Key, b: Key): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBytes(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
