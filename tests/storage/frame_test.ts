import { assertEquals, assertThrows } from "@std/assert";
import {
  type ChainLink,
  FRAME_BODY_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FrameWriter,
  readFrame,
} from "../../storage/frame.ts";

const LINK: ChainLink = { salt: 0x1234_5678, checksum: 0xffff_ffff };

Deno.test("frames read back one after the other", () => {
  const bytes = framesOf(LINK, [[1, "first"], [2, ""], [3, "third"]]);
  const read: [number, string][] = [];
  let offsetBytes = 0;
  let link = LINK;
  while (offsetBytes < bytes.length) {
    const frame = readFrame(bytes, { offsetBytes, link });
    if (typeof frame === "string") throw new Error(frame);
    read.push([frame.type, new TextDecoder().decode(frame.content.subarray(FRAME_HEADER_BYTES))]);
    offsetBytes = frame.endBytes;
    link = { ...link, checksum: frame.checksum };
  }
  assertEquals(read, [[1, "first"], [2, ""], [3, "third"]]);
});

Deno.test("a frame holds good only after the one it was written after, and in its own segment", () => {
  const bytes = framesOf(LINK, [[1, "first"]]);
  for (const other of [{ ...LINK, checksum: 1 }, { ...LINK, salt: 1 }]) {
    assertEquals(readFrame(bytes, { offsetBytes: 0, link: other }), "Checksum does not match");
  }
});

Deno.test("blank bytes are no frame, whatever they continue", () => {
  for (const link of [LINK, { salt: 0, checksum: 0 }]) {
    assertEquals(readFrame(new Uint8Array(64), { offsetBytes: 0, link }), "Record has no type");
  }
});

Deno.test("a length beyond the bound or the end is refused before anything is made of it", () => {
  const bytes = framesOf(LINK, [[1, "first"]]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(4, 0xffff_fff0, true);
  assertEquals(
    readFrame(bytes, { offsetBytes: 0, link: LINK }),
    "Record is longer than any can be",
  );
  view.setUint32(4, 1_000, true);
  assertEquals(readFrame(bytes, { offsetBytes: 0, link: LINK }), "Record is cut off");
});

Deno.test("a body that no reader accepts is not written", () => {
  const frames = new FrameWriter();
  frames.reset(LINK);
  frames.begin(1);
  frames.body.raw(new Uint8Array(FRAME_BODY_BYTES_MAX + 1));
  assertThrows(() => frames.end(), RangeError);
});

function framesOf(link: ChainLink, records: readonly [number, string][]): Uint8Array {
  const frames = new FrameWriter();
  frames.reset(link);
  for (const [type, body] of records) {
    frames.begin(type);
    frames.body.raw(new TextEncoder().encode(body));
    frames.end();
  }
  return frames.bytes.slice();
}
