/**
 * Bugs in replication and commit.
 *
 * @module
 */
import type { Excused, Mutant } from "../mutant.ts";

/** All of them. */
export const REPLICATION: readonly Mutant[] = [
  {
    row: "R1",
    bug: "an old, shorter append cuts entries that agree",
    file: "core/raft/follower.ts",
    anchor: "  if (first < 0) return;\n",
    replacement: `  const end = entries.at(-1);
  if (first < 0 && end !== undefined && end.index < state.log.lastIndex) {
    state.log.truncateFrom((end.index + 1) as LogIndex);
    state.durability.onTruncated((end.index + 1) as LogIndex);
    state.configurations.truncateFrom((end.index + 1) as LogIndex);
  }
  if (first < 0) return;
`,
    killer: {
      harness: "sim",
      seeds: 40,
      rules: ["I15", "I19", "the commit index stays inside the log"],
    },
  },
  {
    row: "R2",
    bug: "the commit index is taken from the leader beyond what the append has verified",
    file: "core/raft/follower.ts",
    anchor: "  advanceCommit(state, indexMin(request.leaderCommit, verified));",
    replacement: "  advanceCommit(state, indexMin(request.leaderCommit, state.log.lastIndex));",
    killer: {
      harness: "sim",
      seeds: 300,
      rules: ["I7", "I15", "the commit index stays inside the log"],
    },
  },
  {
    row: "R2",
    bug: "a heartbeat tells a commit index that its receiver's log may not agree up to",
    file: "core/raft/leader.ts",
    anchor: "  const commitIndex = indexMin(progress.matchIndex, state.commitIndex);",
    replacement: "  const { commitIndex } = state;",
    killer: { harness: "sim", seeds: 20, rules: ["I15", "the commit index stays inside the log"] },
  },
  {
    row: "R3",
    bug: "a previous entry that was compacted away is taken for a conflict",
    file: "core/raft/follower.ts",
    anchor: "  const slice = withoutCommitted(state, request);",
    replacement: `  const slice = withoutCommitted(state, request);
  const { base, lastIndex } = state.log;
  if (request.previous.index < base.index && lastIndex > base.index) {
    state.log.truncateFrom(indexAfter(base.index));
    state.durability.onTruncated(indexAfter(base.index));
    state.configurations.truncateFrom(indexAfter(base.index));
  }`,
    killer: { harness: "sim", seeds: 50, rules: ["I12"] },
  },
  {
    row: "R4",
    bug: "a refusal moves the probe nowhere, so that diverging logs never meet",
    file: "core/raft/leader.ts",
    anchor: "  progress.becomeProbe(indexMin(indexAfter(common.index), response.rejectedIndex));",
    replacement: "  if (common.index < 0) progress.becomeProbe(response.rejectedIndex);",
    killer: { harness: "sim", seeds: 50, rules: ["I38", "I45"] },
  },
  {
    row: "R5",
    bug: "the term at the boundary of a snapshot is forgotten",
    file: "core/raft/log.ts",
    anchor: "  if (index === this.#base.index) return this.#base.term;",
    replacement: "  if (index === this.#base.index) return 0 as Term;",
    killer: { harness: "sim", seeds: 50, rules: ["I15", "I38"] },
  },
  {
    row: "R6",
    bug: "the quorum is looked up in acknowledgements that are not sorted",
    file: "core/raft/quorum.ts",
    anchor: "voters.map(valueOf).sort((a, b) => b - a)",
    replacement: "voters.map(valueOf)",
    killer: { harness: "sim", seeds: 50, rules: ["I9", "I1", "I40"] },
  },
  {
    row: "R6",
    bug: "one acknowledgement too few is taken for a majority",
    file: "core/raft/leader.ts",
    anchor:
      "    (id) => id === state.id ? state.durability.index : role.progress.get(id)?.matchIndex ?? 0,",
    replacement:
      "    (id) => id === state.id ? state.durability.index : Math.max(role.progress.get(id)?.matchIndex ?? 0, state.durability.index - 1),",
    killer: { harness: "explore", start: "led", depth: 6, rules: ["I9"] },
  },
  {
    row: "R7",
    bug: "an acknowledgement of an earlier leadership counts",
    file: "core/raft/term_gate.ts",
    anchor: '    case "vote_request":\n      state.outbox.send(from',
    replacement: `    case "append_accepted":
      return onAppendAccepted(state, from, message);
    case "vote_request":
      state.outbox.send(from`,
    also: [{
      file: "core/raft/term_gate.ts",
      anchor: 'import { becomeFollower } from "./roles.ts";',
      replacement:
        'import { onAppendAccepted } from "./leader.ts";\nimport { becomeFollower } from "./roles.ts";',
    }],
    killer: { harness: "sim", seeds: 50, rules: ["I15", "I47"] },
  },
  {
    row: "R7",
    bug: "an acknowledgement that waited for the disk is sent for what has been replaced meanwhile",
    file: "core/raft/outbox.ts",
    anchor: "    this.#held = this.#held.filter(({ message }) => message.term >= term);",
    replacement: "    this.#held = this.#held.filter(({ message }) => message.term <= term);",
    killer: { harness: "sim", seeds: 50, rules: ["I19"] },
  },
  {
    row: "R8",
    bug: "a finished write makes entries durable that replaced those written (ABA)",
    file: "core/raft/durability.ts",
    anchor: "      this.#inFlight.through = indexMin(this.#inFlight.through, indexBefore(from));",
    replacement:
      "      this.#inFlight.through = indexMax(this.#inFlight.through, indexBefore(from));",
    killer: { harness: "sim", seeds: 100, rules: ["I5", "I9", "I19"] },
  },
  {
    row: "R8",
    bug: "entries that were replaced still count as durable",
    file: "core/raft/durability.ts",
    anchor: "    this.#written = indexMin(this.#written, indexBefore(from));\n",
    replacement: "",
    killer: { harness: "sim", seeds: 40, rules: ["I15", "I19", "I9", "I5"] },
  },
  {
    row: "R10",
    bug: "a leader counts its own entries before its disk has them",
    file: "core/raft/leader.ts",
    anchor:
      "    (id) => id === state.id ? state.durability.index : role.progress.get(id)?.matchIndex ?? 0,",
    replacement:
      "    (id) => id === state.id ? state.log.lastIndex : role.progress.get(id)?.matchIndex ?? 0,",
    killer: { harness: "sim", seeds: 50, rules: ["I9"] },
  },
  {
    row: "R10",
    bug: "a follower acknowledges entries before its disk has them",
    file: "core/raft/outbox.ts",
    anchor: "      return message.matchIndex <= kept.index;",
    replacement: "      return true;",
    killer: { harness: "sim", seeds: 50, rules: ["I19"] },
  },
  {
    row: "R11",
    bug: "in a joint configuration the old voters are not asked",
    file: "core/raft/quorum.ts",
    anchor: "  if (configuration.votersOutgoing.length === 0) return incoming;\n  return Math.min",
    replacement: "  if (configuration.voters.length > 0) return incoming;\n  return Math.min",
    killer: { harness: "sim", seeds: 100, rules: ["I9", "I16"] },
  },
  {
    row: "R12",
    bug: "a batch that could not be written counts as written",
    file: "storage/wal.ts",
    anchor: "    await file.syncData();\n    this.#end",
    replacement: "    await file.syncData().catch(() => {});\n    this.#end",
    killer: { harness: "sim", seeds: 120, rules: ["I33"] },
  },
  {
    row: "R15",
    bug: "a follower behind an idle leader with a purged log is sent nothing",
    file: "core/raft/replication.ts",
    anchor: "  if (previousTerm === null) {",
    replacement:
      "  if (previousTerm === null && probing) return false;\n  if (previousTerm === null) {",
    killer: { harness: "sim", seeds: 60, rules: ["I38"] },
  },
  {
    row: "R15",
    bug: "a follower that needs entries which are gone is never sent a snapshot",
    file: "core/raft/replication.ts",
    anchor: "  if (state.snapshot !== null) progress.becomeSnapshot(state.snapshot);",
    replacement: "  if (state.snapshot === null) progress.becomeProbe(progress.nextIndex);",
    killer: { harness: "sim", seeds: 100, rules: ["I38", "I45"] },
  },
  {
    row: "R16",
    bug: "a late refusal takes a follower back to the start",
    file: "core/raft/leader.ts",
    anchor: "  if (isStale) return;\n",
    replacement: "",
    killer: { harness: "sim", seeds: 50, rules: ["I47"] },
  },
  {
    row: "R16",
    bug: "a refusal takes a follower back behind what it has acknowledged",
    file: "core/raft/progress.ts",
    anchor:
      "    this.nextIndex = indexMax(nextIndex, indexAfter(this.matchIndex));\n    this.#clearWindow();\n  }\n\n  /** Asks about",
    replacement:
      "    this.nextIndex = nextIndex;\n    this.#clearWindow();\n  }\n\n  /** Asks about",
    killer: { harness: "sim", seeds: 130, rules: ["I47"] },
  },
  {
    row: "R17",
    bug: "an append that was lost is never sent again",
    file: "core/raft/leader.ts",
    anchor: "  } else if (progress.isStuck(state.nowMs - state.timing.electionTimeoutMsMin)) {",
    replacement: "  } else if (progress.isStuck(-Infinity)) {",
    killer: { harness: "sim", seeds: 50, rules: ["I50"] },
  },
  {
    row: "R19",
    bug: "of many entries committed at once, those that were not handed over are taken for applied",
    file: "core/raft/node.ts",
    anchor: "    state.handedIndex = through as LogIndex;",
    replacement: "    state.handedIndex = state.commitIndex;",
    also: [{
      file: "core/raft/node.ts",
      anchor: "const COMMITTED_PER_DRAIN_MAX = 512;",
      replacement: "const COMMITTED_PER_DRAIN_MAX = 8;",
    }],
    killer: { harness: "sim", seeds: 100, rules: ["I12"] },
  },
  {
    row: "R19",
    bug: "a snapshot says that it holds an entry more than it does",
    file: "core/replica/replica.ts",
    anchor: "    const last = { index: this.#appliedIndex, term: this.#appliedTerm };",
    replacement: `    const next = (this.#appliedIndex + 1) as LogIndex;
    const isCommitted = next <= this.#node.commitIndex;
    const index = isCommitted ? next : this.#appliedIndex;
    const last = { index, term: this.#node.termAt(index) ?? this.#appliedTerm };`,
    also: [{
      file: "core/raft/node.ts",
      anchor: "const COMMITTED_PER_DRAIN_MAX = 512;",
      replacement: "const COMMITTED_PER_DRAIN_MAX = 1;",
    }],
    killer: { harness: "sim", seeds: 60, rules: ["I12", "I13", "I18", "I26", "I45"] },
  },
];

/** Rows without a mutant. */
export const REPLICATION_EXCUSED: readonly Excused[] = [];
