import { assert, assertEquals } from "@std/assert";
import { ByteSlab } from "@raftkv/core/codec";

Deno.test("no byte of a piece that was kept is handed out again", () => {
  const slab = new ByteSlab();
  const kept: Uint8Array[] = [];
  for (let size = 0; size < 1_000; size++) {
    const room = slab.reserve(size + 10);
    room.fill(size & 0xff);
    kept.push(slab.keep(room.subarray(0, size)));
  }
  for (const [size, piece] of kept.entries()) {
    assertEquals(piece.length, size);
    assert(piece.every((byte) => byte === (size & 0xff)));
  }
});

Deno.test("what was not kept is used for the next piece", () => {
  const slab = new ByteSlab();
  const first = slab.keep(slab.reserve(100).subarray(0, 10));
  const second = slab.reserve(100);
  assertEquals([second.buffer === first.buffer, second.byteOffset], [true, 10]);
});

Deno.test("a large piece has a buffer of its own, and so has what replaced a piece", () => {
  const slab = new ByteSlab();
  const large = slab.keep(slab.reserve(8_193));
  assertEquals(large.buffer.byteLength, 8_193);
  const room = slab.reserve(4);
  const elsewhere = slab.keep(new Uint8Array(200));
  assertEquals([elsewhere.length, slab.reserve(4).byteOffset], [200, room.byteOffset]);
});
