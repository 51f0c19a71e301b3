import { assert, assertEquals, assertThrows } from "@std/assert";
import { ByteReader, bytesOf, byteStringOf, ByteWriter, DecodeError } from "@raftkv/core/codec";
import { readUtf8, utf8SizeBytes, writeUtf8 } from "../../../core/codec/utf8.ts";

Deno.test("a varint around every power of two comes back, in the fewest bytes", () => {
  for (let power = 0; power <= 53; power++) {
    for (const value of [2 ** power - 1, 2 ** power, 2 ** power + 1]) {
      if (value > Number.MAX_SAFE_INTEGER) continue;
      const bytes = written((writer) => writer.varint(value));
      assertEquals(bytes.length, Math.max(1, Math.ceil(value.toString(2).length / 7)));
      assertEquals(new ByteReader(bytes).varint(), value);
    }
  }
});

Deno.test("a varint that is padded or passes 2^53 - 1 is refused", () => {
  refuses([0x80, 0x00], (reader) => reader.varint());
  refuses([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10], (reader) => reader.varint());
  refuses(Array(9).fill(0x80), (reader) => reader.varint());
});

Deno.test("a number that is no integer from 0 to 2^53 - 1 is not written", () => {
  for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => new ByteWriter().varint(value), RangeError);
    assertThrows(() => new ByteWriter().u64(value), RangeError);
  }
});

Deno.test("fixed integers come back and are little endian", () => {
  assertEquals([...written((writer) => writer.u32(0x01020304))], [4, 3, 2, 1]);
  for (const value of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    assertEquals(new ByteReader(written((writer) => writer.u32(value))).u32(), value);
  }
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assertEquals(new ByteReader(written((writer) => writer.u64(value))).u64(), value);
  }
  refuses([0, 0, 0, 0, 0, 0, 0x20, 0], (reader) => reader.u64());
});

Deno.test("four bytes can be filled in later", () => {
  const bytes = written((writer) => {
    writer.u32(0);
    writer.raw(Uint8Array.of(9, 9));
    writer.setU32(0, 0xfffe_fdfc);
  });
  assertEquals([...bytes], [0xfc, 0xfd, 0xfe, 0xff, 9, 9]);
});

Deno.test("a writer grows past any first size without losing a byte", () => {
  for (const capacity of [0, 1, 7, 64]) {
    const writer = new ByteWriter(capacity);
    for (let i = 0; i < 1_000; i++) writer.u8(i & 0xff);
    assertEquals(writer.finish(), Uint8Array.from({ length: 1_000 }, (_, i) => i));
  }
});

Deno.test("nothing is read past the end", () => {
  for (let size = 0; size < 4; size++) refuses(Array(size).fill(1), (reader) => reader.u32());
  for (let size = 0; size < 8; size++) refuses(Array(size).fill(0), (reader) => reader.u64());
  refuses([], (reader) => reader.u8());
  refuses([2], (reader) => reader.flag());
  refuses([3, 1, 2], (reader) => reader.bytes());
  refuses([3, 65, 66], (reader) => reader.byteString(9));
  refuses([3, 65, 66, 67], (reader) => reader.byteString(2));
  refuses([2, 1, 2, 3], (reader) => reader.count(2));
  refuses([1], (reader) => reader.end());
});

Deno.test("a decode error names the byte where reading stopped", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3));
  reader.u8();
  const error = assertThrows(() => reader.u32(), DecodeError);
  assertEquals(error.offsetBytes, 1);
});

Deno.test("a byte string keeps each byte and the order of bytes", () => {
  const all = Uint8Array.from({ length: 10_000 }, (_, i) => i * 7);
  assertEquals(bytesOf(byteStringOf(all)), all);
  assertEquals(byteStringOf(all, 5, 8), byteStringOf(all.slice(5, 8)));
  assertEquals(byteStringOf(new Uint8Array()), "");
  assert(byteStringOf(Uint8Array.of(0x7f)) < byteStringOf(Uint8Array.of(0x80)));
  assert(byteStringOf(Uint8Array.of(0xff)) < byteStringOf(Uint8Array.of(0xff, 0)));
});

Deno.test("UTF-8 of each code point is what the platform writes, and comes back", () => {
  const encoder = new TextEncoder();
  for (let point = 0; point <= 0x10_ffff; point += point < 0x1_0000 ? 1 : 61) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const text = String.fromCodePoint(point);
    const bytes = utf8(text);
    const expected = encoder.encode(text);
    // assertEquals on each of 80,000 pairs would take most of the suite's time.
    if (bytes.join() !== expected.join()) assertEquals(bytes, expected);
    if (readUtf8(bytes) !== text) assertEquals(readUtf8(bytes), text);
  }
});

Deno.test("UTF-8 is refused exactly where the platform refuses it", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf];
  edges.push(0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xf8, 0xff);
  for (let i = 0; i < 23 ** 3 * 4; i++) {
    const bytes = new Uint8Array(4);
    bytes[0] = edges[i % 23]!;
    bytes[1] = edges[Math.floor(i / 23) % 23]!;
    bytes[2] = edges[Math.floor(i / 23 ** 2) % 23]!;
    bytes[3] = [0x41, 0x80, 0xbf, 0xc2][Math.floor(i / 23 ** 3)]!;
    let expected: string | null = null;
    try {
      expected = decoder.decode(bytes);
    } catch {
      // Not well formed: null is right.
    }
    if (readUtf8(bytes) !== expected) {
      assertEquals([...bytes, readUtf8(bytes)], [...bytes, expected]);
    }
  }
});

Deno.test("long text is read in pieces without breaking a pair", () => {
  const text = "a🦕".repeat(20_000);
  assertEquals(readUtf8(utf8(text)), text);
});

Deno.test("half a surrogate pair is not written", () => {
  for (const text of ["\ud800", "\udc00", "a\ud800b"]) {
    assertThrows(() => utf8SizeBytes(text), RangeError);
  }
});

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(0);
  write(writer);
  return writer.finish();
}

function refuses(bytes: readonly number[], read: (reader: ByteReader) => unknown): void {
  assertThrows(() => read(new ByteReader(Uint8Array.from(bytes))), DecodeError);
}

function utf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8SizeBytes(text));
  writeUtf8(text, bytes);
  return bytes;
}
