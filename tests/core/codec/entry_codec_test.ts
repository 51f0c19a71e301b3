import { assertEquals, assertThrows } from "@std/assert";
import {
  ByteReader,
  ByteWriter,
  decodeConfiguration,
  DecodeError,
  encodeConfiguration,
  readEntry,
  readHardState,
  readSnapshotChunk,
  readSnapshotMeta,
  writeEntry,
  writeHardState,
  writeSnapshotChunk,
  writeSnapshotMeta,
} from "@raftkv/core/codec";
import type { HardState, Member, NodeId, Term } from "@raftkv/core/raft";
import { pcg32 } from "../../../core/random.ts";
import { Draw } from "./random_message.ts";

Deno.test("an entry, a hard state and a snapshot's description come back from their bytes", () => {
  const draw = new Draw(pcg32(11));
  for (let i = 0; i < 500; i++) {
    for (const entry of draw.entriesAfter(draw.position())) {
      assertEquals(readEntry(written((writer) => writeEntry(writer, entry))), entry);
    }
    const hardState: HardState = {
      term: Math.max(1, draw.integer()) as Term,
      votedFor: draw.flag() ? draw.id() : null,
    };
    assertEquals(readHardState(written((writer) => writeHardState(writer, hardState))), hardState);
    const { meta } = draw.chunk();
    assertEquals(readSnapshotMeta(written((writer) => writeSnapshotMeta(writer, meta))), meta);
  }
});

Deno.test("a configuration comes back, and not from a shorter or longer run of bytes", () => {
  const draw = new Draw(pcg32(12));
  for (let i = 0; i < 100; i++) {
    const configuration = draw.configuration();
    const bytes = encodeConfiguration(configuration);
    assertEquals(decodeConfiguration(bytes), configuration);
    for (let size = 0; size < bytes.length; size++) {
      assertThrows(() => decodeConfiguration(bytes.subarray(0, size)), DecodeError);
    }
    assertThrows(() => decodeConfiguration(Uint8Array.of(...bytes, 0)), DecodeError);
  }
});

Deno.test("blank bytes are no entry", () => {
  assertThrows(() => readEntry(new ByteReader(new Uint8Array(100))), DecodeError);
});

Deno.test("an entry outside the log, without a term, or a no-op with a payload is refused", () => {
  for (const bytes of [[2, 0, 1, 0, 0], [2, 1, 0, 0, 0], [1, 1, 1, 0, 1, 9], [4, 1, 1, 0, 0]]) {
    assertThrows(() => readEntry(new ByteReader(Uint8Array.from(bytes))), DecodeError);
  }
});

Deno.test("a snapshot's chunk that is empty or passes the snapshot's end is refused", () => {
  const { meta } = new Draw(pcg32(13)).chunk();
  const chunkOf = (offsetBytes: number, sizeBytes: number) => {
    const chunk = {
      meta: { ...meta, sizeBytes: 10 },
      offsetBytes,
      data: new Uint8Array(sizeBytes),
    };
    return written((writer) => writeSnapshotChunk(writer, chunk));
  };
  assertEquals(readSnapshotChunk(chunkOf(4, 6)).offsetBytes, 4);
  for (const [offsetBytes, sizeBytes] of [[4, 7], [10, 1], [4, 0], [10, 0]]) {
    assertThrows(() => readSnapshotChunk(chunkOf(offsetBytes!, sizeBytes!)), DecodeError);
  }
});

Deno.test("a vote in term zero is refused", () => {
  assertThrows(() => readHardState(new ByteReader(Uint8Array.of(0, 1, 97))), DecodeError);
});

Deno.test("a configuration is not written if a voter is nobody or members are out of order", () => {
  const a: Member = { id: "a" as NodeId, url: "http://a" };
  const b: Member = { id: "b" as NodeId, url: "http://b" };
  const none = { votersOutgoing: [], learners: [], candidates: [] };
  assertThrows(
    () => encodeConfiguration({ members: [a], voters: [b.id], ...none }),
    RangeError,
  );
  for (const members of [[b, a], [a, a]]) {
    assertThrows(() => encodeConfiguration({ members, voters: [a.id], ...none }), RangeError);
  }
});

Deno.test("a configuration with members out of order, or with roles of no meaning, is refused", () => {
  const a = [1, 97, 1, 117];
  const b = [1, 98, 1, 117];
  assertEquals(decodeConfiguration(Uint8Array.of(1, 2, ...a, 1, ...b, 1)).voters.length, 2);
  for (
    const bytes of [
      [1, 2, ...b, 1, ...a, 1],
      [1, 2, ...a, 1, ...a, 1],
      [1, 1, ...a, 0],
      [1, 1, ...a, 8],
      [1, 1, ...a, 32, 1, 120],
      [1, 1, ...a, 64 + 1],
      [1, 1, ...a, 32 + 1],
      [1, 1, ...a, 5],
      [2, 1, ...a, 1],
      [1, 1, 0, 1, 117, 1],
    ]
  ) {
    assertThrows(() => decodeConfiguration(Uint8Array.from(bytes)), DecodeError);
  }
});

function written(write: (writer: ByteWriter) => void): ByteReader {
  const writer = new ByteWriter();
  write(writer);
  return new ByteReader(writer.finish());
}
