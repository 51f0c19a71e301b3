import { assert, assertEquals } from "@std/assert";
import {
  type HardState,
  isLost,
  type NodeId,
  type StoredEntry,
  type Term,
} from "@raftkv/core/raft";
import { type Frame, FrameWriter, readFrame, readU32 } from "../../storage/frame.ts";
import { addCommit, addEntries, addHardState, addRepair, addSeal } from "../../storage/record.ts";
import { encodeSegmentStart, parseSegmentHeader } from "../../storage/segment.ts";
import { scanSegment, type SegmentScan } from "../../storage/segment_scan.ts";
import { entriesOf, hardStateOf, positionOf } from "../../storage/testing/fixtures.ts";

const IDENTITY = { clusterId: "cluster-1", nodeId: "n1" as NodeId };

const BLANK_BYTES = 40;

/** Three batches; `ends` are where they end, after the segment's own start. */
const { bytes, ends } = build();

Deno.test("a whole segment gives all it holds", () => {
  const scan = scanned(bytes);
  assertEquals(scan.damage, null);
  assertEquals(scan.end.offsetBytes, bytes.length);
  assertEquals(scan.startBytes, ends[0]);
  assertEquals(scan.last, positionOf(8, 2));
  assertEquals(scan.hardState, hardStateOf(2, "n1"));
  assertEquals(scan.runs.map(({ previousTerm, entries }) => [previousTerm, entries]), [
    [0 as Term, entriesOf(1, { first: 1, last: 6 })],
    [1 as Term, entriesOf(2, { first: 5, last: 8 })],
  ]);
});

Deno.test("cut at any byte, a segment gives exactly its whole batches", () => {
  for (let size = ends[0]!; size <= bytes.length; size++) {
    const scan = scanned(bytes.subarray(0, size));
    assertEquals(scan.end.offsetBytes, ends.findLast((end) => end <= size), `cut to ${size}`);
    assertEquals(scan.damage === null, ends.includes(size));
    assertEquals(scan.damage?.couldBeTorn ?? true, true, `cut to ${size}`);
  }
});

Deno.test("blank bytes behind the last batch are nothing, and within one they are a torn write", () => {
  for (let size = ends[0]!; size <= bytes.length; size++) {
    const scan = scanned(withBlank(bytes.subarray(0, size)));
    const written = scanned(bytes.subarray(0, size));
    assertEquals(scan.end, written.end, `blank from ${size}`);
    const couldBeTorn = ends.includes(size) ? undefined : true;
    assertEquals(scan.damage?.couldBeTorn, couldBeTorn, `blank from ${size}`);
  }
});

Deno.test("a byte among the blank ones could be of a torn write", () => {
  for (let at = 0; at < BLANK_BYTES; at++) {
    const scan = scanned(flipped(withBlank(bytes), bytes.length + at));
    assertEquals(scan.end.offsetBytes, bytes.length);
    assertEquals(scan.damage?.couldBeTorn, true, `blank byte ${at}`);
  }
});

Deno.test("damage in the last batch could be a torn write, whatever came after it of the same batch", () => {
  for (let at = ends[2]!; at < bytes.length; at++) {
    const scan = scanned(flipped(bytes, at));
    assertEquals(scan.end.offsetBytes, ends[2]);
    assertEquals(scan.damage?.couldBeTorn, true, `byte ${at}`);
  }
});

Deno.test("damage before a later batch is never taken for a torn write: it is known who was lost, or it is refused", () => {
  const whole = scanned(bytes);
  let known = 0;
  for (let at = ends[0]!; at < ends[2]!; at++) {
    const scan = scanned(flipped(bytes, at));
    if (scan.damage !== null) {
      assertEquals(scan.damage.couldBeTorn, false, `byte ${at}`);
      continue;
    }
    known++;
    assertEquals([scan.last, scan.end.offsetBytes], [whole.last, whole.end.offsetBytes]);
    assertEquals(scan.scars.length, 1, `byte ${at}`);
    if (scan.hardState !== null) assertEquals(scan.hardState, whole.hardState, `byte ${at}`);
    assertWholeBut(scan, whole);
  }
  assertEquals(known, ends[2]! - ends[0]!, "every single bit");
});

Deno.test("a vote that may have been damaged is not taken for an earlier one", () => {
  // The second batch is a vote and its commit, and no later one holds another.
  const commitBytes = 36;
  for (let at = ends[1]!; at < ends[2]! - commitBytes - 4; at++) {
    assertEquals(scanned(flipped(bytes, at)).hardState, null, `byte ${at}`);
  }
  const blank = bytes.slice().fill(0, ends[1], ends[2]);
  assert(scanned(blank).damage !== null || scanned(blank).hardState === null);
  // Damage in the commit that follows it, or in entries before, has nothing to do with it.
  for (let at = ends[2]! - commitBytes + 8; at < ends[2]! - 4; at++) {
    assertEquals(scanned(flipped(bytes, at)).hardState, hardStateOf(2, "n1"), `byte ${at}`);
  }
});

Deno.test("a blank block hides nobody whose term is certain", () => {
  for (let at = ends[0]!; at < ends[1]! - 100; at++) {
    const scan = scanned(bytes.slice().fill(0, at, at + 64));
    if (scan.damage !== null) continue;
    assertEquals(scan.last, positionOf(8, 2), `byte ${at}`);
    assertWholeBut(scan, scanned(bytes));
  }
});

Deno.test("a damaged checksum costs nothing: the next frame knows it", () => {
  const { endBytes } = readFrame(bytes, {
    offsetBytes: ends[0]!,
    link: { salt: scanned(bytes).salt, checksum: readU32(bytes, ends[0]! - 4) },
  }) as Frame;
  for (let at = endBytes - 4; at < endBytes; at++) {
    const scan = scanned(flipped(bytes, at));
    assertEquals([scan.damage, scan.scars[0]?.lost], [null, []]);
    assertEquals(scan.runs, scanned(bytes).runs);
  }
});

Deno.test("a damaged header leaves nothing to trust, a damaged first batch all that is said again later", () => {
  const headerBytes = parseFileHeaderSize(bytes);
  for (let at = 0; at < headerBytes; at++) {
    assert(scanSegment(flipped(bytes, at)).kind !== "scanned", `byte ${at}`);
  }
  for (let at = headerBytes; at < ends[0]!; at++) {
    const scan = scanned(flipped(bytes, at));
    assertEquals([scan.damage, scan.hardState], [null, hardStateOf(2, "n1")], `byte ${at}`);
    assertWholeBut(scan, scanned(bytes));
  }
});

Deno.test("repairs are kept apart from the log, whose end they do not move", () => {
  const entry = entriesOf(1, { first: 3, last: 3 })[0]!;
  const { bytes } = build((frames, durableBytes) => {
    addRepair(frames, { entry, previousTerm: hardStateOf(1).term });
    addCommit(frames, { durableBytes, last: positionOf(0, 0) });
  });
  const scan = scanned(bytes);
  assertEquals([scan.damage, scan.runs, scan.repairs], [null, [], [entry]]);
});

Deno.test("a payload that looks like a later commit proves nothing", () => {
  const writer = new FrameWriter();
  writer.reset({ salt: 0, checksum: 0 });
  addCommit(writer, { durableBytes: 1_000_000, last: positionOf(9, 9) });
  const entry = { ...entriesOf(1, { first: 1, last: 1 })[0]!, payload: writer.bytes.slice() };
  const { bytes, ends } = build((frames, start) => {
    addEntries(frames, { entries: [entry], previousTerm: hardStateOf(0).term });
    addCommit(frames, { durableBytes: start, last: positionOf(1, 1) });
  });
  const torn = flipped(bytes, ends[0]! + 1);
  assertEquals(scanned(torn).damage?.couldBeTorn, true);
});

Deno.test("a commit that holds good but belongs elsewhere is never cut away", () => {
  const misplaced = build((frames) => {
    addCommit(frames, { durableBytes: 7, last: positionOf(0, 0) });
  });
  const { damage } = scanned(misplaced.bytes);
  assertEquals([damage?.reason, damage?.couldBeTorn], ["Commit belongs to another place", false]);
});

Deno.test("entries that leave a gap are never cut away", () => {
  const gap = build((frames, start) => {
    const entries = entriesOf(1, { first: 4, last: 4 });
    addEntries(frames, { entries, previousTerm: hardStateOf(0).term });
    addCommit(frames, { durableBytes: start, last: positionOf(4, 1) });
  });
  assertEquals(scanned(gap.bytes).damage?.couldBeTorn, false);
});

Deno.test("a seal ends the segment, and nothing but blank bytes may follow it", () => {
  const sealed = build((frames, start) => {
    addSeal(frames);
    addCommit(frames, { durableBytes: start, last: positionOf(0, 0) });
  });
  for (const bytes of [sealed.bytes, withBlank(sealed.bytes)]) {
    const scan = scanned(bytes);
    assertEquals([scan.isSealed, scan.damage, scan.end.offsetBytes], [true, null, sealed.ends[0]]);
  }
  for (let at = 0; at < BLANK_BYTES; at++) {
    const longer = flipped(withBlank(sealed.bytes), sealed.bytes.length + at);
    const { damage, scars } = scanned(longer);
    assertEquals(damage, null, `byte ${at} behind the seal`);
    const { offsetBytes, lost } = scars[0]!;
    assertEquals([offsetBytes, lost], [sealed.bytes.length + at, []]);
  }
});

Deno.test("a frame that holds good behind a seal is no rot", () => {
  const seal: AddBatch = (frames, start) => {
    addSeal(frames);
    addCommit(frames, { durableBytes: start, last: positionOf(0, 0) });
  };
  const hardState: AddBatch = (frames) => addHardState(frames, hardStateOf(9));
  const follows = build(seal, hardState);
  assertEquals(scanned(follows.bytes).damage?.couldBeTorn, false);
  // Its first frame damaged: the commit tells that it was written.
  const closed = build(seal, (frames, start) => {
    addHardState(frames, hardStateOf(9));
    addCommit(frames, { durableBytes: start, last: positionOf(0, 0) });
  });
  assertEquals(scanned(flipped(closed.bytes, closed.ends[1]!)).damage?.couldBeTorn, false);
});

type AddBatch = (frames: FrameWriter, startBytes: number) => void;

function build(...only: readonly AddBatch[]): { bytes: Uint8Array; ends: number[] } {
  const hardState: HardState = hardStateOf(1);
  const header = {
    identity: IDENTITY,
    sequence: 1,
    startsAnew: false,
    previous: positionOf(0, 0),
    previousEndBytes: 0,
    previousChecksum: 0,
  };
  const start = encodeSegmentStart(header, hardState);
  const frames = new FrameWriter();
  frames.reset(start.link);
  const ends = [start.bytes.length];
  const batches = only.length === 0 ? [addFirst, addSecond, addThird] : only;
  for (const add of batches) {
    add(frames, ends.at(-1)!);
    ends.push(start.bytes.length + frames.bytes.length);
  }
  const bytes = new Uint8Array(ends.at(-1)!);
  bytes.set(start.bytes);
  bytes.set(frames.bytes, start.bytes.length);
  return { bytes, ends };
}

function addFirst(frames: FrameWriter, durableBytes: number): void {
  const entries = entriesOf(1, { first: 1, last: 6 });
  addEntries(frames, { entries, previousTerm: hardStateOf(0).term });
  addCommit(frames, { durableBytes, last: positionOf(6, 1) });
}

function addSecond(frames: FrameWriter, durableBytes: number): void {
  addHardState(frames, hardStateOf(2, "n1"));
  addCommit(frames, { durableBytes, last: positionOf(6, 1) });
}

function addThird(frames: FrameWriter, durableBytes: number): void {
  const entries = entriesOf(2, { first: 5, last: 8 });
  addEntries(frames, { entries, previousTerm: hardStateOf(1).term });
  addCommit(frames, { durableBytes, last: positionOf(8, 2) });
}

function scanned(bytes: Uint8Array): SegmentScan {
  const scan = scanSegment(bytes);
  assert(scan.kind === "scanned", JSON.stringify(scan));
  return scan;
}

/** Every entry is as it was written, or lost under its own name. */
function assertWholeBut(scan: SegmentScan, whole: SegmentScan): void {
  const [found, written] = [scan, whole].map(logOf) as [Log, Log];
  assertEquals([...found.keys()].sort(), [...written.keys()].sort());
  for (const [index, entry] of found) {
    const { term } = written.get(index)!;
    if (isLost(entry)) assertEquals(entry.term, term, `entry ${index}`);
    else assertEquals(entry, written.get(index));
  }
}

type Log = ReadonlyMap<number, StoredEntry>;

function logOf({ runs }: SegmentScan): Log {
  const log = new Map<number, StoredEntry>();
  for (const { entries } of runs) {
    const first = entries[0]!.index;
    for (const index of log.keys()) if (index >= first) log.delete(index);
    for (const entry of entries) log.set(entry.index, entry);
  }
  return log;
}

function parseFileHeaderSize(bytes: Uint8Array): number {
  const header = parseSegmentHeader(bytes);
  assert(header.kind === "header");
  return header.sizeBytes;
}

function withBlank(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + BLANK_BYTES);
  longer.set(bytes);
  return longer;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 0x10;
  return copy;
}
