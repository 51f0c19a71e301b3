import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "../../../core/assert.ts";
import { type Address, Arena, type ArenaReader, offsetOf } from "../../../core/kv/arena.ts";
import { pcg32, type Random } from "../../../core/random.ts";

Deno.test("bytes stay as they were written, in memory that follows what counts", () => {
  const random = pcg32(1);
  const arena = new Arena();
  const held: Written[] = [];
  for (let i = 0; i < 60_000; i++) {
    held.push(write(arena, random));
    // The oldest go first, as in a store that is swept.
    if (held.length > 5_000) free(arena, held.shift() as Written);
  }
  for (const one of held) assertHeld(arena, one);
  const sizes = held.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assertEquals(arena.liveBytes, sizes);
  assert(arena.writtenBytes > 8 * sizes);
  assert(arena.capacityBytes < 2 * sizes, `${arena.capacityBytes} for ${sizes}`);
  for (const one of held) free(arena, one);
  assertEquals(arena.liveBytes, 0);
  // What is left is the block that is written to next.
  assert(arena.capacityBytes <= 1_048_576);
});

Deno.test("a view reads what was there, though all of it was freed and its room is written again", () => {
  const random = pcg32(2);
  const arena = new Arena();
  const seen: { readonly view: ArenaReader; readonly held: readonly Written[] }[] = [];
  // Enough for blocks of the size that is used again.
  const lasting = Array.from({ length: 40_000 }, () => write(arena, random));
  let held: Written[] = [];
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 15_000; i++) held.push(write(arena, random));
    seen.push({ view: arena.view(), held });
    for (const one of held) free(arena, one);
    held = [];
  }
  for (const { view, held } of seen) for (const one of held) assertHeld(view, one);
  for (const one of lasting) assertHeld(arena, one);
});

Deno.test("memory that no view can read is used again", () => {
  const random = pcg32(3);
  const arena = new Arena();
  const held = Array.from({ length: 40_000 }, () => write(arena, random));
  const buffers = new Set<Uint8Array>();
  const before = arena.writtenBytes;
  for (let i = 0; i < 200_000; i++) {
    const one = write(arena, random);
    buffers.add(arena.blockOf(one.address));
    free(arena, held[i % held.length] as Written);
    held[i % held.length] = one;
  }
  const blocks = (arena.writtenBytes - before) / 1_048_576;
  assert(buffers.size < blocks / 2, `${buffers.size} buffers for ${blocks} blocks`);
});

Deno.test("a large record has a block of its size, which goes with it", () => {
  const arena = new Arena();
  const large = new Uint8Array(700_000).fill(7);
  const address = arena.add(large);
  assertEquals(arena.blockOf(address).length, large.length);
  assertEquals(offsetOf(address), 0);
  arena.free(address, large.length);
  assertEquals(arena.capacityBytes, 0);
  assert(!arena.has(address));
  assertThrows(() => arena.blockOf(address), InvariantViolation);
});

Deno.test("a small arena takes little", () => {
  const arena = new Arena();
  arena.add(Uint8Array.of(1));
  assertEquals(arena.capacityBytes, 4_096);
});

interface Written {
  readonly address: Address;
  readonly bytes: Uint8Array;
}

function write(arena: Arena, random: Random): Written {
  const bytes = new Uint8Array(1 + Math.floor(random() * 400)).fill(random() * 256);
  return { address: arena.add(bytes), bytes };
}

function free(arena: Arena, { address, bytes }: Written): void {
  arena.free(address, bytes.length);
}

function assertHeld(arena: ArenaReader, { address, bytes }: Written): void {
  const at = offsetOf(address);
  const held = arena.blockOf(address).subarray(at, at + bytes.length);
  assert(held.every((byte, i) => byte === bytes[i]), `other bytes at ${address}`);
}
