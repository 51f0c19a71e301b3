import { pcg32 } from "../../core/random.ts";
import { assertEquals } from "@std/assert";
import {
  encodeHandshake,
  HANDSHAKE_BYTES,
  HANDSHAKE_KINDS,
  type HandshakeFrame,
  isEncodableId,
  parseHandshake,
  REFUSALS,
} from "../../transport/handshake_frame.ts";

const FRAME: HandshakeFrame = {
  kind: "hello",
  versionMin: 1,
  versionMax: 3,
  refusal: null,
  clusterId: "prod",
  from: "n1",
  to: "größer",
  nonce: new Uint8Array(32).fill(0xaa),
  proof: new Uint8Array(32).fill(0xbb),
  incarnation: "cc".repeat(16),
};

const ok = (frame: HandshakeFrame) => ({ ok: true as const, frame });

Deno.test("the layout is the documented one", () => {
  const bytes = encodeHandshake(FRAME);
  assertEquals(bytes.length, 283);
  assertEquals(bytes.subarray(0, 8), Uint8Array.of(0x52, 0x4b, 0x56, 0x50, 1, 1, 3, 0));
  assertEquals(bytes.subarray(8, 13), Uint8Array.of(4, 0x70, 0x72, 0x6f, 0x64));
  assertEquals(bytes.subarray(73, 76), Uint8Array.of(2, 0x6e, 0x31));
  assertEquals(bytes[138], 8);
  assertEquals(bytes[203], 0xaa);
  assertEquals(bytes[235], 0xbb);
  assertEquals(bytes.subarray(267), new Uint8Array(16).fill(0xcc));
  const none = encodeHandshake({ ...FRAME, incarnation: null });
  assertEquals(none.subarray(267), new Uint8Array(16));
  assertEquals(parseHandshake(none), ok({ ...FRAME, incarnation: null }));
});

Deno.test("what is encoded is what is parsed, for every step, refusal and length of id", () => {
  for (const kind of HANDSHAKE_KINDS) {
    const frame = { ...FRAME, kind };
    assertEquals(parseHandshake(encodeHandshake(frame)), ok(frame));
  }
  for (const refusal of REFUSALS) {
    const frame = { ...FRAME, kind: "refuse" as const, refusal };
    assertEquals(parseHandshake(encodeHandshake(frame)), ok(frame));
  }
  for (let length = 1; length <= 64; length++) {
    const frame = { ...FRAME, from: "x".repeat(length) };
    assertEquals(parseHandshake(encodeHandshake(frame)), ok(frame));
  }
});

Deno.test("ids have 1 to 64 bytes of well-formed text", () => {
  assertEquals(
    ["", "x".repeat(65), "ü".repeat(33), "\ud800"].map(isEncodableId),
    [false, false, false, false],
  );
  assertEquals(["x", "x".repeat(64), "ü".repeat(32)].map(isEncodableId), [true, true, true]);
});

Deno.test("every truncation and every extension is refused", () => {
  const bytes = encodeHandshake(FRAME);
  for (let length = 0; length < HANDSHAKE_BYTES; length++) {
    assertEquals(parseHandshake(bytes.subarray(0, length)).ok, false);
  }
  assertEquals(parseHandshake(new Uint8Array([...bytes, 0])).ok, false);
});

Deno.test("wrong magic, unknown steps, and ids with bad length, padding or UTF-8 are refused", () => {
  const damages: readonly (readonly [at: number, byte: number])[] = [
    [0, 0],
    [3, 0x51],
    [4, 0],
    [4, HANDSHAKE_KINDS.length + 1],
    [8, 0],
    [8, 65],
    [8, 3],
    [72, 1],
    [9, 0xff],
  ];
  for (const [at, byte] of damages) {
    const bytes = encodeHandshake(FRAME);
    bytes[at] = byte;
    assertEquals(parseHandshake(bytes).ok, false, `byte ${at} = ${byte}`);
  }
});

Deno.test("a refusal with a code of the future is a refusal without a name", () => {
  const bytes = encodeHandshake({ ...FRAME, kind: "refuse", refusal: "bad_proof" });
  bytes[7] = 200;
  assertEquals(parseHandshake(bytes), ok({ ...FRAME, kind: "refuse", refusal: null }));
});

Deno.test("no damage of a frame makes the parser throw, and what it accepts encodes back", () => {
  const random = pcg32(1);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let round = 0; round < 20_000; round++) {
    const bytes = encodeHandshake(FRAME);
    for (let i = below(4); i >= 0; i--) bytes[below(HANDSHAKE_BYTES)] = below(256);
    const parsed = parseHandshake(bytes);
    if (!parsed.ok) continue;
    const again = encodeHandshake(parsed.frame);
    // A refusal code of the future is the one thing that is not kept.
    again[7] = bytes[7] ?? 0;
    assertEquals(again, bytes);
  }
});
