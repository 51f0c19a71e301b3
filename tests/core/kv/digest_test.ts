import { assertEquals } from "@std/assert";
import { ByteReader, ByteWriter } from "@raftkv/core/codec";
import { Digest } from "../../../core/kv/digest.ts";

Deno.test("a digest tells apart bytes that differ in one bit, in length or in where they are cut", () => {
  const inputs: Uint8Array[][] = [[], [new Uint8Array()]];
  for (let size = 1; size <= 9; size++) {
    inputs.push([new Uint8Array(size)]);
    for (let bit = 0; bit < size * 8; bit++) inputs.push([withBit(size, bit)]);
    for (let cut = 0; cut <= size; cut++) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i + 1);
      inputs.push([bytes.subarray(0, cut), bytes.subarray(cut)]);
    }
  }
  const digests = inputs.map((parts) =>
    digestOf((digest) => parts.forEach((p) => digest.addBytes(p)))
  );
  assertEquals(new Set(digests).size, inputs.length);
});

Deno.test("a digest tells integers apart, also those that differ above 32 bits", () => {
  const integers = Array.from({ length: 54 }, (_, power) => Math.min(2 ** power, 2 ** 53 - 1));
  const digests = integers.map((integer) => digestOf((digest) => digest.addInteger(integer)));
  assertEquals(new Set(digests).size, integers.length);
});

Deno.test("a digest goes on elsewhere as if it had stayed", () => {
  const digest = new Digest();
  digest.addInteger(7);
  const writer = new ByteWriter();
  digest.writeTo(writer);
  const moved = Digest.readFrom(new ByteReader(writer.finish()));
  for (const one of [digest, moved]) one.addBytes(Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(moved.toString(), digest.toString());
});

function digestOf(add: (digest: Digest) => void): string {
  const digest = new Digest();
  add(digest);
  return digest.toString();
}

function withBit(size: number, bit: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes[bit >>> 3] = 1 << (bit & 7);
  return bytes;
}
