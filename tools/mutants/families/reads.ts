/**
 * Bugs in reads, in repeated requests, and in what clients are told.
 *
 * @module
 */
import type { Excused, Mutant } from "../mutant.ts";

const CONFIRMED =
  "    const quorumRound = quorumValue(\n      state.configuration,\n      (id) => id === state.id ? Infinity : role.progress.get(id)?.ackedRound ?? 0,\n    );";

/** All of them. */
export const READS: readonly Mutant[] = [
  {
    row: "L1, L5",
    bug: "a leader serves reads without asking anyone",
    file: "core/raft/leader.ts",
    anchor: CONFIRMED,
    replacement: "    const quorumRound = Infinity;",
    killer: { harness: "sim", seeds: 60, rules: ["I24", "I23"] },
  },
  {
    row: "L2",
    bug: "a new leader serves reads before it has committed in its own term",
    file: "core/raft/leader.ts",
    anchor: "      if (!role.reads.hasWaiting || !knowsCommitIndex(state)) return;",
    replacement: "      if (!role.reads.hasWaiting) return;",
    killer: { harness: "sim", seeds: 100, rules: ["I24", "I23"] },
  },
  {
    row: "L3",
    bug: "the number of a read round is used again, so that old answers confirm a new round",
    file: "core/raft/read_rounds.ts",
    anchor: "round: ++this.#last as ReadRound",
    replacement: "round: Math.min(++this.#last, 2) as ReadRound",
    killer: { harness: "sim", seeds: 60, rules: ["I24", "I23"] },
  },
  {
    row: "L3",
    bug: "a late answer to an earlier question serves the reads of the present one",
    file: "core/replica/reads.ts",
    anchor: "    if (this.#question?.requestId !== requestId) return;",
    replacement: "    if (this.#question === null) return;",
    killer: { harness: "sim", seeds: 60, rules: ["I24", "I23"] },
  },
  {
    row: "L4",
    bug: "reads that were begun are served when the leadership ends",
    file: "core/raft/roles.ts",
    anchor:
      '  if (state.role.kind === "leader") state.outbox.abandoned.push(...state.role.reads.abandon());',
    replacement: `  if (state.role.kind === "leader") {
    const index = state.commitIndex;
    state.outbox.grants.push(...state.role.reads.abandon().map((token) => ({ token, index, proof: "quorum" as const })));
  }`,
    killer: { harness: "sim", seeds: 100, rules: ["I24", "I23"] },
  },
  {
    row: "L5",
    bug: "a read joins a round that has begun before it",
    file: "core/raft/read_rounds.ts",
    anchor: "    this.#waiting.push(token);",
    replacement:
      "    if (this.#current !== null) (this.#current.tokens as Token[]).push(token);\n    else this.#waiting.push(token);",
    killer: { harness: "sim", seeds: 60, rules: ["I24", "I23"] },
  },
  {
    row: "L6",
    bug: "one answer is enough to confirm a leadership, in clusters of any size",
    file: "core/raft/leader.ts",
    anchor: CONFIRMED,
    replacement:
      `    const rounds = [...role.progress.values()].map(({ ackedRound }) => ackedRound);
    const asked = (id: NodeId) =>
      id === state.id ? Infinity : role.progress.get(id)?.ackedRound ?? 0;
    const quorumRound = Math.max(quorumValue(state.configuration, asked), ...rounds);`,
    killer: { harness: "sim", seeds: 100, rules: ["I24", "I23"] },
  },
  {
    row: "L7",
    bug: "a leader relies on promises for longer than clocks may be trusted",
    file: "core/raft/leader_lease.ts",
    anchor: "    sentAtMs + withheldMs - leaseDriftMs,",
    replacement: "    state.nowMs + 2 * withheldMs,",
    killer: { harness: "sim", seeds: 60, rules: ["I25"] },
  },
  {
    row: "L7",
    bug: "a voter forgets its promise when it restarts",
    file: "core/raft/state.ts",
    anchor: "    voteWithheldUntilMs: firstVoteMs(options),",
    replacement: "    voteWithheldUntilMs: -Infinity,",
    killer: { harness: "sim", seeds: 200, rules: ["I25"] },
  },
  {
    row: "L7",
    bug: "a voter does not keep its promise",
    file: "core/raft/leader_lease.ts",
    anchor: "  return state.nowMs < state.voteWithheldUntilMs;",
    replacement: "  return false;",
    killer: { harness: "sim", seeds: 200, rules: ["I25"] },
  },
  {
    row: "L8",
    bug: "a read is answered before the state machine has reached its index",
    file: "core/replica/reads.ts",
    anchor: "      if (granted.index > index) continue;",
    replacement: "",
    killer: { harness: "sim", seeds: 50, rules: ["I24", "I25", "I23"] },
  },
  {
    row: "L10",
    bug: "a command that a network repeats is proposed twice",
    file: "core/replica/proposals.ts",
    anchor: "    if (!this.#seen.isFirst(`${from}/${sender}`, requestId)) return;",
    replacement: "",
    killer: { harness: "sim", seeds: 100, rules: ["I22"] },
  },
  {
    row: "L10",
    bug: "a client repeats a write in a new session although the first may have happened",
    file: "client/retry.ts",
    anchor: 'request === "write" && !mayBeApplied) {',
    replacement: 'request === "write") {',
    killer: {
      harness: "test",
      file: "client/failover_test.ts",
      name: "a session that expired after a lost answer leaves the outcome unknown",
    },
  },
  {
    row: "L10",
    bug: "a refusal is not remembered, so that another copy of the request may act later",
    file: "core/kv/result.ts",
    anchor: "      return dependsOnState(result.reason);",
    replacement: "      return false && dependsOnState(result.reason);",
    killer: {
      harness: "test",
      file: "core/kv/idempotency_test.ts",
      name: "what was refused stays refused under its key",
      why:
        "of two copies one must be refused and the other come when it can act: one seed in ten thousand",
    },
  },
  {
    row: "L11",
    bug: "what is remembered of sessions is not in the snapshot",
    file: "core/kv/session.ts",
    anchor: "    return new CapturedSessions([...this.#sessions.values()]);",
    replacement: "    return new CapturedSessions([]);",
    killer: { harness: "sim", seeds: 60, rules: ["I22", "I13", "I26", "I45"] },
  },
];

/** Rows without a mutant. */
export const READS_EXCUSED: readonly Excused[] = [];
