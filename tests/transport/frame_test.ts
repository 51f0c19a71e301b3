import { LIMITS } from "@raftkv/core";
import { assertEquals } from "@std/assert";
import {
  encodeMessageFrame,
  encodePingFrame,
  FRAME_BYTES_MAX,
  parseFrame,
} from "../../transport/frame.ts";

Deno.test("a frame has the documented bytes", () => {
  assertEquals(encodeMessageFrame(Uint8Array.of(7, 8)), Uint8Array.of(0x11, 7, 8));
  assertEquals(encodePingFrame(), Uint8Array.of(0x12));
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
  tooLarge[0] = 0x11;
  assertEquals(parseFrame(tooLarge), {
    kind: "malformed",
    reason: `Frame has ${FRAME_BYTES_MAX + 1} bytes, more than ${FRAME_BYTES_MAX}`,
  });
});

Deno.test("of the 256 first bytes a frame may have, two are known", () => {
  const kinds = Array.from({ length: 256 }, (_, byte) => parseFrame(Uint8Array.of(byte)).kind);
  const known = kinds.flatMap((kind, byte) => kind === "malformed" ? [] : [`${byte} ${kind}`]);
  assertEquals(known, [`${0x11} message`, `${0x12} ping`]);
});

Deno.test("an empty frame and a ping with a payload are malformed", () => {
  assertEquals(parseFrame(new Uint8Array()).kind, "malformed");
  assertEquals(parseFrame(Uint8Array.of(0x12, 0)).kind, "malformed");
});
