/**
 * What lay in a damaged stretch of a segment, as far as its surroundings tell. Pure.
 *
 * Every frame can be tested by itself, because what it is chained to stands right before it; a commit
 * says where its batch begins; and an entry, like a commit, says who stood before it. So of entries
 * whose bytes are gone it is mostly still known who they were, which is all that a vote needs, and
 * what it takes to ask others for them.
 *
 * @module
 */

import type { LogIndex, LogPosition, LostEntry, Term } from "@raftkv/core/raft";
import {
  FRAME_BODY_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FRAME_OVERHEAD_BYTES,
  FRAME_TYPES,
  readFrame,
  readU32,
} from "./frame.ts";
import { type Commit, COMMIT_BODY_BYTES, COMMIT_FRAME_BYTES, decodeRecord } from "./record.ts";

/** A place in a segment's bytes. */
export interface Place {
  /** Where it is. */
  readonly offsetBytes: number;
  /** The checksum of the segment's header. */
  readonly salt: number;
}

/** A stretch of a segment that holds no frame. */
export interface Gap {
  /** Its first byte. */
  readonly offsetBytes: number;
  /** Where a frame holds good again, or a batch begins. */
  readonly endBytes: number;
  /** Where the batch begins that goes on behind it. */
  readonly batchStartBytes: number;
  /** Whether a batch ends within it. */
  readonly crossesBatches: boolean;
  /**
   * How many entries' frames it holds, if the lengths in it lead from its beginning to its end and
   * what they lead over can have been nothing else but entries and the end of a batch; else null.
   */
  readonly entryFrames: number | null;
}

/** The commits that hold good at or behind a place, in their order. */
export function* commitsFrom(
  bytes: Uint8Array,
  { offsetBytes, salt }: Place,
): Generator<Commit> {
  const lastStart = bytes.length - COMMIT_FRAME_BYTES;
  let at = bytes.indexOf(FRAME_TYPES.commit, offsetBytes);
  for (; at >= 0 && at <= lastStart; at = bytes.indexOf(FRAME_TYPES.commit, at + 1)) {
    if (readU32(bytes, at + FRAME_HEADER_BYTES - 4) !== COMMIT_BODY_BYTES) continue;
    const frame = readFrame(bytes, { offsetBytes: at, link: linkAt(bytes, at, salt) });
    if (typeof frame === "string") continue;
    const record = decodeRecord(frame);
    if (typeof record !== "string" && record.kind === "commit") yield record.commit;
  }
}

/** The gap that begins at a place where no frame holds good; null if no commit follows it. */
export function gapAt(bytes: Uint8Array, place: Place): Gap | null {
  const { offsetBytes } = place;
  const [commit] = commitsFrom(bytes, place);
  if (commit === undefined) return null;
  const batchStartBytes = commit.durableBytes;
  const crossesBatches = batchStartBytes > offsetBytes;
  const walk = walkFrom(bytes, { ...place, batchStartBytes });
  if (walk !== null && !(crossesBatches && walk.endBytes < batchStartBytes)) {
    const { endBytes, entryFrames } = walk;
    return { offsetBytes, endBytes, batchStartBytes, crossesBatches, entryFrames };
  }
  // Of the batch that is not closed any more nothing counts that stands behind the damage.
  const endBytes = crossesBatches ? batchStartBytes : frameAfter(bytes, place);
  const isEntry = !crossesBatches && isSoleEntry(bytes, offsetBytes, endBytes);
  const entryFrames = isEntry ? 1 : null;
  return { offsetBytes, endBytes, batchStartBytes, crossesBatches, entryFrames };
}

/**
 * Who the entries in a gap were.
 *
 * @param around `before`: the log's last position as read up to the gap; `isContiguous`: entries of
 *   the same batch stand before and behind it; `target`: the position that the first record behind it
 *   names as the one before itself.
 * @returns null if the surroundings do not tell
 */
export function lostIn(
  gap: Gap,
  { before, isContiguous, target }: {
    readonly before: LogPosition;
    readonly isContiguous: boolean;
    readonly target: LogPosition;
  },
): readonly LostEntry[] | null {
  const count = target.index - before.index;
  const isOneTerm = target.term === before.term;
  // What it held has been replaced since, or it held none.
  if (count < 0 || (count === 0 && isOneTerm)) return [];
  // A leader never replaces entries of its own term: if the term is the same, so is all in between.
  const leadsOn = count > 0 && (isContiguous || isOneTerm || gap.entryFrames === count);
  if (leadsOn && (isOneTerm || count === 1)) {
    return Array.from({ length: count }, (_, at) => ({
      kind: "lost",
      index: (before.index + 1 + at) as LogIndex,
      term: target.term as Term,
    }));
  }
  const replacesOne = gap.entryFrames === 1 && count <= 0 && !isContiguous;
  return replacesOne ? [{ kind: "lost", index: target.index, term: target.term }] : null;
}

/** Follows the lengths of damaged frames to the next frame that holds good. */
function walkFrom(
  bytes: Uint8Array,
  { offsetBytes, salt, batchStartBytes }: Place & { readonly batchStartBytes: number },
): { readonly endBytes: number; readonly entryFrames: number | null } | null {
  let entryFrames: number | null = 0;
  for (let at = offsetBytes;;) {
    const type = plausibleTypeAt(bytes, at);
    if (type === null) return null;
    const end = at + FRAME_OVERHEAD_BYTES + readU32(bytes, at + FRAME_HEADER_BYTES - 4);
    if (end >= bytes.length) return null;
    // A vote never ends a batch, so a frame that does was a commit, whatever its type byte was.
    const isCommit = type === FRAME_TYPES.commit && end === batchStartBytes;
    if (type === FRAME_TYPES.entry && entryFrames !== null) entryFrames++;
    else if (!isCommit) entryFrames = null;
    if (
      typeof readFrame(bytes, { offsetBytes: end, link: linkAt(bytes, end, salt) }) !== "string"
    ) {
      return { endBytes: end, entryFrames };
    }
    at = end;
  }
}

/** Where the next frame begins that holds good; one does, since a commit follows. */
function frameAfter(bytes: Uint8Array, { offsetBytes, salt }: Place): number {
  for (let at = offsetBytes + 1;; at++) {
    if (plausibleTypeAt(bytes, at) === null) continue;
    if (typeof readFrame(bytes, { offsetBytes: at, link: linkAt(bytes, at, salt) }) !== "string") {
      return at;
    }
  }
}

/** Whether the bytes are those of one entry, of whose frame only type, length or checksum is wrong. */
function isSoleEntry(bytes: Uint8Array, startBytes: number, endBytes: number): boolean {
  if (endBytes - startBytes <= FRAME_OVERHEAD_BYTES) return false;
  const record = decodeRecord({
    type: FRAME_TYPES.entry,
    content: bytes.subarray(startBytes, endBytes - 4),
    checksum: 0,
    endBytes,
  });
  return typeof record !== "string";
}

/** The type byte of what looks like the beginning of a frame, or null if nothing does. */
function plausibleTypeAt(bytes: Uint8Array, at: number): number | null {
  if (bytes.length - at < FRAME_OVERHEAD_BYTES) return null;
  const type = bytes[at]!;
  if (type < FRAME_TYPES.hardState || type > FRAME_TYPES.repair) return null;
  if (bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) return null;
  const sizeBytes = readU32(bytes, at + FRAME_HEADER_BYTES - 4);
  return sizeBytes > FRAME_BODY_BYTES_MAX ? null : type;
}

/** A frame is chained to the checksum that stands right before it. */
function linkAt(bytes: Uint8Array, offsetBytes: number, salt: number) {
  return { salt, checksum: readU32(bytes, offsetBytes - 4) };
}
