/**
 * Bugs in what is done about damage: naming what is lost, having it again, and promising nothing
 * meanwhile. The rows are those of the storage bugs that began this way.
 *
 * @module
 */

import type { Excused, Mutant } from "../mutant.ts";

/** All of them. */
export const REPAIR: readonly Mutant[] = [
  {
    row: "S7 a",
    bug: "a vote that may be damaged counts as the one before it",
    file: "storage/segment_scan.ts",
    anchor: "if (heldVote && !",
    replacement: "if (heldVote && heldVote !== true && !",
    killer: {
      harness: "test",
      file: "storage/segment_scan_test.ts",
      name: "a vote that may have been damaged",
    },
  },
  {
    row: "S7 b",
    bug: "lost entries get the term before them, though it changes among them",
    file: "storage/gap.ts",
    anchor: "if (leadsOn && (isOneTerm || count === 1)) {",
    replacement: "if (leadsOn) {",
    killer: { harness: "test", file: "storage/gap_test.ts", name: "where the term changes among" },
  },
  {
    row: "S7 c",
    bug: "a gap is taken to lead on though a new leader may have replaced entries in it",
    file: "storage/gap.ts",
    anchor: "(isContiguous || isOneTerm || gap.entryFrames === count)",
    replacement: "true",
    killer: { harness: "test", file: "storage/gap_test.ts", name: "one entry of another term" },
  },
  {
    row: "S7 d",
    bug: "a repaired entry is not found again at the next start",
    file: "storage/recovery_plan.ts",
    anchor: "log.repair(scan.repairs);",
    replacement: "void scan.repairs;",
    killer: {
      harness: "test",
      file: "storage/corruption_test.ts",
      name: "a damaged entry in the last segment is named",
    },
  },
  {
    row: "S7 e",
    bug: "a repair takes the place of an entry that has replaced the damaged one",
    file: "storage/recovered_log.ts",
    anchor: "isLost(held) && held.term === entry.term",
    replacement: "held.index === entry.index",
    killer: {
      harness: "test",
      file: "storage/corruption_test.ts",
      name: "an entry that was replaced after its repair",
    },
  },
  {
    row: "S7 f",
    bug: "a repair is written as an entry, so that all behind it is cut off",
    file: "storage/record.ts",
    anchor: "addEntry(frames, { type: FRAME_TYPES.repair, entry, previousTerm });",
    replacement: "addEntry(frames, { type: FRAME_TYPES.entry, entry, previousTerm });",
    killer: {
      harness: "test",
      file: "storage/corruption_sweep_test.ts",
      name: "a flipped bit, anywhere",
    },
  },
  {
    row: "S7 g",
    bug: "a node with a damaged entry campaigns",
    file: "core/raft/election.ts",
    anchor: "wholeIndexOf(state) === state.log.lastIndex &&",
    replacement: "",
    killer: { harness: "sim", seeds: 130, rules: ["I19"] },
  },
  {
    row: "S7 h",
    bug: "an append behind a damaged entry is acknowledged",
    file: "core/raft/follower.ts",
    anchor: "slice.previous.index > wholeIndex || ",
    replacement: "",
    killer: { harness: "sim", seeds: 100, rules: ["I19"] },
  },
  {
    row: "S7 i",
    bug: "an entry that was had again counts as durable before it is",
    file: "core/raft/durability.ts",
    anchor: "return first === undefined ? this.#written : indexMin",
    replacement: "return first === undefined || true ? this.#written : indexMin",
    killer: { harness: "sim", seeds: 100, rules: ["I19"] },
  },
  {
    row: "S7 j",
    bug: "what another history has at the place of a damaged entry is taken for it",
    file: "core/raft/log.ts",
    anchor: "|| this.termAt(entry.index) !== entry.term) return false;",
    replacement: ") return false;",
    killer: { harness: "test", file: "core/raft/repair_test.ts", name: "by index and term alone" },
  },
  {
    row: "S7 k",
    bug: "a configuration that was had again is not in force",
    file: "core/raft/repair.ts",
    anchor: 'if (entry.kind !== "configuration") continue;',
    replacement: "continue;",
    killer: { harness: "test", file: "core/raft/repair_test.ts", name: "a lost configuration" },
  },
  {
    row: "S7 l",
    bug: "a node that lost its state does not say that the offered snapshot ends before its log",
    file: "core/raft/snapshot_transfer.ts",
    anchor: "respond(state, from, { last: state.log.base, nextOffsetBytes: 0, installed: false });",
    replacement: "",
    killer: {
      harness: "test",
      file: "sim/repair_test.ts",
      name: "though nothing is written",
      why: "of seeds 1 to 20,000 one finds it, 16306",
    },
  },
  {
    row: "S7 m",
    bug: "a snapshot that was made for a node without its state is not given to it",
    file: "core/raft/own_snapshots.ts",
    anchor: "if (isWaiting(progress)) giveSnapshot(",
    replacement: "if (false) giveSnapshot(",
    killer: {
      harness: "test",
      file: "core/raft/own_snapshots_test.ts",
      name: "given as soon as there is one",
    },
  },
  {
    row: "S7 n",
    bug: "a snapshot for which there was no room is tried again at once",
    file: "core/raft/own_snapshots.ts",
    anchor: "|| nowMs < role.snapshotNotBeforeMs",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/raft/own_snapshots_test.ts",
      name: "tried again after a while",
    },
  },
  {
    row: "S8",
    bug: "a leader believes an acknowledgement of what has been damaged since",
    file: "core/raft/leader.ts",
    anchor: "if (response.isDamaged) progress.forgetBeyond(response.hint.index);",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/raft/repair_test.ts",
      name: "counts a damaged follower",
    },
  },
  {
    row: "S9",
    bug:
      "a node without its state takes a snapshot older than its log, and forgets what it promised",
    file: "core/raft/snapshot_transfer.ts",
    anchor: "if (meta.last.index < state.log.base.index) {",
    replacement: "if (false) {",
    killer: { harness: "test", file: "core/raft/repair_test.ts", name: "and no older one" },
  },
  {
    row: "S9 b",
    bug: "a node without its state applies the log behind it",
    file: "core/raft/state.ts",
    anchor: "return isStateLost ? INDEX_ZERO : log.wholeIndex;",
    replacement: "return log.wholeIndex;",
    killer: { harness: "test", file: "core/raft/repair_test.ts", name: "refuses every append" },
  },
  {
    row: "S9 c",
    bug:
      "a snapshot of a later term leaves its receiver in the earlier one, whose leader counts it",
    file: "core/raft/snapshot_transfer.ts",
    anchor: "  if (meta.last.term > state.term) becomeFollower(state, meta.last.term, null);\n",
    replacement: "",
    killer: {
      harness: "test",
      file: "core/replica/repairs_test.ts",
      name: "with a snapshot of a later term",
    },
  },
];

/** Rows without a mutant. */
export const REPAIR_EXCUSED: readonly Excused[] = [];
