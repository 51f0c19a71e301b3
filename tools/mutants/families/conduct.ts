/**
 * Bugs in whom a node believes: leaders that are deposed without cause, strangers that are let in; and
 * in what is bounded. The rows are those of the rules that must name them.
 *
 * @module
 */
import type { Excused, Mutant } from "../mutant.ts";

/** All of them. */
export const CONDUCT: readonly Mutant[] = [
  {
    row: "I36",
    bug: "a learner votes before it is written down which directory it has",
    file: "core/raft/reconfiguration.ts",
    anchor: "  const acquainted = withIncarnations(next, state.incarnations) ?? next;",
    replacement: "  const acquainted = next;",
    also: [{
      file: "core/raft/reconfiguration.ts",
      anchor: "  if (acquainted !== null) {",
      replacement: "  if (acquainted !== null && configuration.candidates.length === 0) {",
    }],
    killer: { harness: "sim", seeds: 100, rules: ["I36"] },
  },
  {
    row: "I37",
    bug: "a leader sends on without waiting for answers",
    file: "core/raft/progress.ts",
    anchor: "        return this.#inFlight.length < this.#windows.inFlightMessagesMax &&",
    replacement: "        return this.#inFlight.length < 8 * this.#windows.inFlightMessagesMax &&",
    killer: { harness: "sim", seeds: 50, rules: ["I37"] },
  },
  {
    row: "I37",
    bug: "a leader that cannot commit takes commands for ever",
    file: "core/raft/leader.ts",
    anchor: "  if (role.uncommittedBytes >= state.windows.uncommittedBytesMax) {",
    replacement: "  if (role.uncommittedBytes === Infinity) {",
    killer: { harness: "sim", seeds: 100, rules: ["I37"] },
  },
  {
    row: "I37",
    bug: "answers pile up while a disk hangs",
    file: "core/raft/outbox.ts",
    anchor: "  if (earlier === undefined) waiting.push(envelope);",
    replacement: '  if (earlier?.type !== "append_accepted") waiting.push(envelope);',
    killer: { harness: "sim", seeds: 50, rules: ["I37"] },
  },
  {
    row: "I39",
    bug: "a read that waits for its index is given up long after its deadline",
    file: "core/replica/reads.ts",
    anchor: "      if (deadlineMs > nowMs) continue;",
    replacement: "      if (deadlineMs + 20_000 > nowMs) continue;",
    killer: { harness: "sim", seeds: 100, rules: ["I39"] },
  },
  {
    row: "I40",
    bug: "who hears a leader encourages whoever asks",
    file: "core/raft/election.ts",
    anchor: "isUpToDate(request.last, state.log.last) &&\n    !believesInLeader(state);",
    replacement: "isUpToDate(request.last, state.log.last);",
    killer: { harness: "sim", seeds: 50, rules: ["I40"] },
  },
  {
    row: "I40",
    bug: "who hears a leader follows any candidate into a later term",
    file: "core/raft/election.ts",
    anchor: "  return request.transfer || !believesInLeader(state);",
    replacement: "  return request.transfer || state.nowMs >= 0;",
    killer: { harness: "sim", seeds: 100, rules: ["I40"] },
  },
  {
    row: "I40",
    bug: "a heartbeat is no reason to believe in its sender",
    file: "core/raft/follower.ts",
    anchor: "  onLeaderContact(state, from);\n  if (state.installing === null) advanceCommit",
    replacement: `  const { leaderContactMs } = state;
  onLeaderContact(state, from);
  state.leaderContactMs = leaderContactMs;
  if (state.installing === null) advanceCommit`,
    killer: { harness: "sim", seeds: 100, rules: ["I40"] },
  },
  {
    row: "I40",
    bug: "a broken link to the leader starts a campaign without pre-votes",
    file: "core/raft/election.ts",
    anchor: "  state.leaderContactMs = -Infinity;\n  campaignSoon(state);",
    replacement: "  state.leaderContactMs = -Infinity;\n  becomeCandidate(state, false);",
    killer: { harness: "sim", seeds: 50, rules: ["I40"] },
  },
  {
    row: "I40",
    bug: "one pre-vote is enough, in clusters of any size",
    file: "core/raft/election.ts",
    anchor: "  if (response.granted && response.term !== termAfter(state.term)) return;",
    replacement: `  if (response.granted && response.term !== termAfter(state.term)) return;
  if (response.granted) return becomeCandidate(state, false);`,
    killer: { harness: "sim", seeds: 50, rules: ["I40"] },
  },
  {
    row: "I40",
    bug: "a pre-vote for an earlier term counts for a later one",
    file: "core/raft/election.ts",
    anchor: "  if (response.granted && response.term !== termAfter(state.term)) return;",
    replacement: "",
    killer: { harness: "sim", seeds: 200, rules: ["I40"] },
  },
  {
    row: "I40",
    bug: "a leader that is answered late gives way at once",
    file: "core/raft/leader.ts",
    anchor: "  return state.nowMs - contact < state.timing.electionTimeoutMsMax;",
    replacement: "  return state.nowMs - contact < state.timing.electionTimeoutMsMin;",
    killer: { harness: "sim", seeds: 100, rules: ["I40"] },
  },
  {
    row: "I40",
    bug: "a leader gives way over a disk that is merely slow",
    file: "core/raft/leader.ts",
    anchor:
      "  return state.durability.writingForMs(state.nowMs) >= state.timing.electionTimeoutMsMin;",
    replacement: "  return state.durability.writingForMs(state.nowMs) >= state.timing.heartbeatMs;",
    killer: { harness: "sim", seeds: 100, rules: ["I40"] },
  },
  {
    row: "I44",
    bug: "a node of another cluster is let in",
    file: "transport/handshake.ts",
    anchor: '    if (hello.clusterId !== clusterId) return "wrong_cluster";\n',
    replacement: "",
    killer: { harness: "sim", seeds: 100, rules: ["I44"] },
  },
  {
    row: "I44",
    bug: "a node of another cluster is taken for the peer whose address it has",
    file: "transport/handshake.ts",
    anchor: '    if (welcome.clusterId !== clusterId) return "wrong_cluster";\n',
    replacement: "",
    killer: { harness: "sim", seeds: 100, rules: ["I44"] },
  },
  {
    row: "I44",
    bug: "whoever knows a member's name is let in",
    file: "transport/handshake.ts",
    anchor:
      '      const proven = await prover.verify(transcript, "dialer", confirm.proof);\n      if (!proven) return',
    replacement:
      '      const proven = await prover.verify(transcript, "dialer", confirm.proof);\n      if (proven === null) return',
    killer: { harness: "sim", seeds: 100, rules: ["I44"] },
  },
  {
    row: "I44",
    bug: "a message that was altered on its way is taken",
    file: "transport/frame.ts",
    anchor: "  return isWhole ? {",
    replacement: "  return isWhole || message.length > 0 ? {",
    killer: { harness: "sim", seeds: 50, rules: ["I44"] },
  },
];

/** Rows without a mutant. */
export const CONDUCT_EXCUSED: readonly Excused[] = [
  {
    row: "I43",
    why: "every operation is permitted: there are no permissions that could be forgotten",
  },
];
