import { LIMITS } from "@raftkv/core";
import { assertEquals } from "@std/assert";
import {
  encodeMessageFrame,
  encodePingFrame,
  FRAME_BYTES_MAX,
  parseFrame,
} from "../../transport/frame.ts";

Deno.test("a frame has the documented bytes", () => {
  // CRC-32 as of zlib, most significant byte first.
  const frame = Uint8Array.of(0x21, 0x00, 0x43, 0x0c, 0x0a, 7, 8);
  assertEquals(encodeMessageFrame(Uint8Array.of(7, 8)), frame);
  assertEquals(encodePingFrame(), Uint8Array.of(0x22));
});

Deno.test("a message comes out as a view of its frame, not a copy", () => {
  const frame = encodeMessageFrame(Uint8Array.of(7, 8));
  const parsed = parseFrame(frame);
  if (parsed.kind !== "message") throw new Error("A message was expected");
  assertEquals(parsed.message, Uint8Array.of(7, 8));
  assertEquals(parsed.message.buffer === frame.buffer, true);
});

Deno.test("the largest message passes, and one byte more does not", () => {
  assertEquals(
    parseFrame(encodeMessageFrame(new Uint8Array(LIMITS.messageBytesMax))).kind,
    "message",
  );
  const tooLarge = new Uint8Array(FRAME_BYTES_MAX + 1);
  tooLarge[0] = 0x21;
  assertEquals(parseFrame(tooLarge), {
    kind: "malformed",
    reason: `Frame has ${FRAME_BYTES_MAX + 1} bytes, more than ${FRAME_BYTES_MAX}`,
  });
});

Deno.test("of the 256 first bytes a frame may have, two are known", () => {
  // Of no bytes the checksum is 0.
  const frames = Array.from({ length: 256 }, (_, byte) => [
    parseFrame(Uint8Array.of(byte)).kind,
    parseFrame(Uint8Array.of(byte, 0, 0, 0, 0)).kind,
  ]);
  const known = frames.flatMap((kinds, byte) => {
    return kinds.filter((kind) => kind !== "malformed").map((kind) => `${byte} ${kind}`);
  });
  assertEquals(known, [`${0x21} message`, `${0x22} ping`]);
});

Deno.test("an empty frame and a ping with a payload are malformed", () => {
  assertEquals(parseFrame(new Uint8Array()).kind, "malformed");
  assertEquals(parseFrame(Uint8Array.of(0x22, 0)).kind, "malformed");
});

Deno.test("no frame passes in which a bit has turned over", () => {
  const frame = encodeMessageFrame(new TextEncoder().encode("append term 3"));
  for (let bit = 0; bit < 8 * frame.length; bit++) {
    const damaged = frame.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    assertEquals(parseFrame(damaged).kind, "malformed", `bit ${bit}`);
  }
});

Deno.test("a message frame that ends within its checksum is malformed", () => {
  assertEquals(parseFrame(Uint8Array.of(0x21, 0, 0)).kind, "malformed");
});
