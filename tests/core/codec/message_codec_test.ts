import { assert, assertEquals } from "@std/assert";
import { ByteWriter, decodeMessage, encodeMessage, writeEntry } from "@raftkv/core/codec";
import type { Entry, LogIndex, Message, Term } from "@raftkv/core/raft";
import { pcg32 } from "../../../core/random.ts";
import { Draw, drawMessage, MAKERS } from "./random_message.ts";

Deno.test("every message comes back from its bytes as it was", () => {
  const draw = new Draw(pcg32(1));
  for (const make of Object.values(MAKERS)) {
    for (let i = 0; i < 200; i++) {
      const message = make(draw);
      assertEquals<unknown>(decodeMessage(encodeMessage(message)), message);
    }
  }
});

Deno.test("a message cut short anywhere, or lengthened, is malformed", () => {
  const draw = new Draw(pcg32(2));
  for (const make of Object.values(MAKERS)) {
    for (let i = 0; i < 20; i++) {
      const bytes = encodeMessage(make(draw));
      for (let size = 0; size < bytes.length; size++) {
        assertEquals(decodeMessage(bytes.subarray(0, size)).type, "malformed");
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      assertEquals(decodeMessage(longer).type, "malformed");
    }
  }
});

Deno.test("random bytes behind a valid head never make the decoder throw", () => {
  const draw = new Draw(pcg32(3));
  for (let i = 0; i < 30_000; i++) {
    const bytes = draw.bytes(80);
    if (bytes.length > 1 && draw.upTo(9) > 0) bytes.set([1, draw.oneOf(KNOWN_TAGS)]);
    decodeMessage(bytes);
  }
});

Deno.test("what a decoder accepts has one encoding only", () => {
  const draw = new Draw(pcg32(4));
  let accepted = 0;
  for (let i = 0; i < 30_000; i++) {
    const bytes = mutate(encodeMessage(drawMessage(draw)), draw);
    const decoded = decodeMessage(bytes);
    if (decoded.type === "malformed") continue;
    accepted++;
    assertEquals(encodeMessage(decoded), bytes);
  }
  assert(accepted > 1_000);
});

Deno.test("a count or length beyond the message's end is refused before room is made for it", () => {
  const forward = MAKERS.forward_request(new Draw(pcg32(5)));
  for (const size of [2 ** 20, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const count = new ByteWriter();
    for (const head of [1, 5]) count.u8(head);
    for (const field of [1, 1, 1, size]) count.varint(field);
    assertEquals(reasonFor(count.finish()), "Count passes the end");

    // The last byte of a message that ends with an empty payload is the payload's length.
    const empty = encodeMessage({ ...forward, payload: new Uint8Array() });
    const payload = new ByteWriter();
    payload.raw(empty.subarray(0, -1));
    payload.varint(size);
    assertEquals(reasonFor(payload.finish()), "Length passes the end");
  }
});

Deno.test("an append whose entries leave a gap is malformed", () => {
  assertEquals(reasonFor(appendOf(5, [entry(3, 2), entry(5, 2)])), "Entries leave a gap");
  assertEquals(reasonFor(appendOf(5, [entry(4, 2)])), "Entries leave a gap");
});

Deno.test("an append whose terms go back is malformed", () => {
  assertEquals(reasonFor(appendOf(5, [entry(3, 3), entry(4, 2)])), "Terms of entries go back");
  assertEquals(reasonFor(appendOf(5, [entry(3, 1)])), "Terms of entries go back");
});

Deno.test("an append with an entry newer than its leader is malformed", () => {
  assertEquals(reasonFor(appendOf(2, [entry(3, 3)])), "Entry is newer than its leader");
  assertEquals(reasonFor(appendOf(1, [])), "Entry is newer than its leader");
});

Deno.test("a position has a term if and only if it lies in the log", () => {
  for (const [index, term] of [[0, 1], [1, 0]]) {
    const last = { index: index as LogIndex, term: term as Term };
    const bytes = encodeMessage({ type: "pre_vote_request", term: 1 as Term, last });
    assertEquals(reasonFor(bytes), "Index and term disagree about the log's start");
  }
});

Deno.test("a read index that rests on nothing known is malformed", () => {
  const granted = { index: 2 as LogIndex, proof: "lease" } as const;
  const bytes = encodeMessage({ type: "read_index_response", requestId: 1, granted });
  assertEquals([...bytes], [1, 35, 1, 2, 2]);
  for (const tag of [3, 255]) assertEquals(reasonFor(bytes.with(3, tag)), "Proof is unknown");
});

Deno.test("payloads are views of the message, not copies", () => {
  const bytes = encodeMessage(
    decoded(appendOf(5, [entry(3, 2), entry(4, 2)])),
  );
  const message = decoded(bytes);
  assert(message.type === "append_request");
  for (const { payload } of message.entries) assert(payload.buffer === bytes.buffer);
});

Deno.test("a full append is written into one allocation", () => {
  const entries = Array.from({ length: 256 }, (_, i) => ({ ...entry(3 + i, 2), payload: LARGE }));
  // A writer that had grown would, at some of these sizes, have just doubled its room.
  for (let count = 1; count <= entries.length; count++) {
    const bytes = encodeMessage(decoded(appendOf(5, entries.slice(0, count))));
    assert(bytes.buffer.byteLength <= bytes.length + 64 + count * 33);
  }
});

const KNOWN_TAGS = [...Array(12).keys()].map((i) => i + 1).concat([32, 33, 34, 35, 36, 37, 38]);
const LARGE = new Uint8Array(300).fill(7);

/** An append by the leader of `term`, right after entry 2 of term 2, written without the checks. */
function appendOf(term: number, entries: readonly Entry[]): Uint8Array {
  const writer = new ByteWriter();
  for (const head of [1, 5]) writer.u8(head);
  for (const field of [term, 2, 2, entries.length]) writer.varint(field);
  for (const one of entries) writeEntry(writer, one);
  writer.varint(0);
  return writer.finish();
}

function entry(index: number, term: number): Entry {
  return {
    index: index as LogIndex,
    term: term as Term,
    kind: "command",
    timeMs: 1,
    payload: Uint8Array.of(1, 2, 3),
  };
}

function decoded(bytes: Uint8Array): Message {
  const message = decodeMessage(bytes);
  assert(message.type !== "malformed");
  return message;
}

function reasonFor(bytes: Uint8Array): string {
  const message = decodeMessage(bytes);
  return message.type === "malformed" ? message.reason : "accepted";
}

function mutate(bytes: Uint8Array, draw: Draw): Uint8Array {
  const mutated = [...bytes];
  for (let left = 1 + draw.upTo(2); left > 0; left--) {
    const at = draw.upTo(mutated.length);
    const kind = draw.oneOf(["flip", "insert", "delete", "copy"]);
    if (kind === "flip" && at < mutated.length) mutated[at]! ^= 1 << draw.upTo(7);
    else if (kind === "insert") mutated.splice(at, 0, draw.upTo(255));
    else if (kind === "delete") mutated.splice(at, 1);
    else mutated.splice(at, 0, ...mutated.slice(draw.upTo(mutated.length), at));
  }
  return Uint8Array.from(mutated);
}
