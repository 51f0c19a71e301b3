/**
 * Bugs in elections, terms and votes.
 *
 * @module
 */
import type { Excused, Mutant } from "../mutant.ts";

/** All of them. */
export const ELECTIONS: readonly Mutant[] = [
  {
    row: "E1",
    bug: "term and vote reach the disk in two writes, and the vote is given after the first",
    file: "core/raft/durability.ts",
    anchor: "    const ticket = ++this.#tickets as Ticket;",
    replacement: `    if (hardState.term > this.#hardState.term && hardState.votedFor !== null) {
      const half = { term: hardState.term, votedFor: null };
      return this.nextBatch(log, { hardState: half, nowMs });
    }
    const ticket = ++this.#tickets as Ticket;`,
    killer: { harness: "sim", seeds: 50, rules: ["I2"] },
  },
  {
    row: "E2",
    bug: "term and vote are never written",
    file: "core/raft/durability.ts",
    anchor: "    return { ticket, hardState: kept ? null : hardState, entries, repairs };",
    replacement: "    return { ticket, hardState: null, entries, repairs };",
    killer: { harness: "sim", seeds: 50, rules: ["I2", "I3"] },
  },
  {
    row: "E3",
    bug: "a candidate raises its term in memory alone",
    file: "core/raft/outbox.ts",
    anchor: '  if (message.type === "pre_vote_request") return true;',
    replacement: '  if (message.type !== "vote_response") return true;',
    killer: { harness: "sim", seeds: 50, rules: ["I3"] },
  },
  {
    row: "E4",
    bug: "votes are asked for before the own term and vote are durable",
    file: "core/raft/outbox.ts",
    anchor: `    case "vote_request": // promises the sender's vote for itself
    case "vote_response":
    case "append_accepted":
      return true;`,
    replacement: `    case "vote_request":
      return false;
    case "vote_response":
    case "append_accepted":
      return true;`,
    also: [{
      file: "core/raft/outbox.ts",
      anchor: '  if (message.type === "pre_vote_request") return true;',
      replacement:
        '  if (message.type === "pre_vote_request" || message.type === "vote_request") return true;',
    }],
    killer: { harness: "sim", seeds: 50, rules: ["I2", "I3"] },
  },
  {
    row: "E4",
    bug: "a candidate counts its own vote before it is durable",
    file: "core/raft/election.ts",
    anchor: '  const role: CampaignState = { kind: "candidate", votes: new Map(), transfer };',
    replacement:
      '  const role: CampaignState = { kind: "candidate", votes: new Map([[state.id, true]]), transfer };',
    also: [{
      file: "core/raft/election.ts",
      anchor: "  for (const peer of peersOf(state)) ask(state, role, peer);\n}\n\n/**\n * A batch",
      replacement:
        "  for (const peer of peersOf(state)) ask(state, role, peer);\n  onBallot(state);\n}\n\n/**\n * A batch",
    }],
    killer: { harness: "sim", seeds: 50, rules: ["I2"] },
  },
  {
    row: "E-17",
    bug: "a candidate campaigns again while its own vote is on its way to a slow disk",
    file: "core/raft/election.ts",
    anchor: "  if (isVoteUnderWay(state) || !mayCampaign(state) || withholdsVote(state)) {",
    replacement: "  if (!mayCampaign(state) || withholdsVote(state)) {",
    killer: {
      harness: "test",
      file: "core/raft/election_test.ts",
      name: "sees one campaign, not ever more",
      why: "it costs time, which no rule bounds so closely",
    },
  },
  {
    row: "E5",
    bug: "a node whose disk failed to keep term and vote goes on",
    file: "server/pump.ts",
    anchor: "      .then(() => this.#withRoom(() => this.#options.store.append(batch)))",
    replacement:
      "      .then(() => this.#withRoom(() => this.#options.store.append(batch)).catch(() => {}))",
    killer: {
      harness: "test",
      file: "server/pump_test.ts",
      name: "a failed write ends the node and nothing it would have promised leaves",
      why:
        "it stands in the pump of a real process, which the simulator replaces; that a failed sync is not taken for one is S5 and R12",
    },
  },
  {
    row: "E7",
    bug: "stepping down inside a term forgets the vote",
    file: "core/raft/roles.ts",
    anchor: "  if (term > state.term) {\n    state.term = term;\n    state.votedFor = null;",
    replacement: "  state.votedFor = null;\n  if (term > state.term) {\n    state.term = term;",
    killer: { harness: "explore", start: "new", depth: 9, rules: ["I2"] },
  },
  {
    row: "E7",
    bug: "a vote goes to whoever asks",
    file: "core/raft/election.ts",
    anchor: "state.votedFor === null ? state.leaderId === null : state.votedFor === from",
    replacement: "true",
    killer: { harness: "explore", start: "new", depth: 8, rules: ["I2"] },
  },
  {
    row: "E7",
    bug: "a vote is given before it is durable, in a term that is",
    file: "core/raft/outbox.ts",
    anchor: "      return kept.vote;",
    replacement: "      return true;",
    killer: { harness: "explore", start: "new", depth: 8, rules: ["I2"] },
  },
  {
    row: "E8",
    bug: "terms and indexes of logs are compared apart, so that nobody can win",
    file: "core/raft/ids.ts",
    anchor: "  if (candidate.term !== voter.term) return candidate.term > voter.term;\n",
    replacement: "  if (candidate.term < voter.term) return false;\n",
    killer: { harness: "sim", seeds: 150, rules: ["I48"] },
  },
  {
    row: "E8",
    bug: "the longer log wins, whatever its last term",
    file: "core/raft/ids.ts",
    anchor: "  if (candidate.term !== voter.term) return candidate.term > voter.term;\n",
    replacement: "",
    killer: { harness: "sim", seeds: 300, rules: ["I14", "I6", "I48"] },
  },
  {
    row: "E8",
    bug: "among logs of one last term any is good enough",
    file: "core/raft/ids.ts",
    anchor: "  return candidate.index >= voter.index;",
    replacement: "  return true;",
    killer: { harness: "sim", seeds: 50, rules: ["I6", "I14"] },
  },
  {
    row: "E9",
    bug: "entries become durable before the term of their leader",
    file: "core/raft/durability.ts",
    anchor: "    const ticket = ++this.#tickets as Ticket;",
    replacement: `    if (!kept && this.#written < log.lastIndex) {
      return this.nextBatch(log, { hardState: this.#hardState, nowMs });
    }
    const ticket = ++this.#tickets as Ticket;`,
    killer: { harness: "sim", seeds: 50, rules: ["I2", "I3"] },
  },
  {
    row: "E10",
    bug: "a node that lost its disk comes back under its old name, and votes",
    file: "transport/handshake.ts",
    anchor:
      'return isOtherLife(expected.incarnation, welcome.incarnation) ? "other_incarnation" : null;',
    replacement: "return null;",
    also: [{
      file: "transport/peer_link.ts",
      anchor: "        if (!this.accepts(outcome.incarnation)) {",
      replacement: "        if (outcome.incarnation === this.#url) {",
    }],
    killer: { harness: "sim", seeds: 100, rules: ["I36"] },
  },
  {
    row: "E11",
    bug: "an entry of an earlier term is committed by counting",
    file: "core/raft/leader.ts",
    anchor: "  if (state.log.termAt(reached) !== state.term) return;\n",
    replacement: "",
    killer: { harness: "sim", seeds: 50, rules: ["I10"] },
  },
  {
    row: "E11",
    bug: "an entry of an earlier term is committed by counting: figure 8",
    file: "core/raft/leader.ts",
    anchor: "  if (state.log.termAt(reached) !== state.term) return;\n",
    replacement: "",
    killer: { harness: "explore", start: "back", depth: 5, rules: ["I10"] },
  },
  {
    row: "E13",
    bug: "a node that was cut off raises its term for each try, and deposes the leader",
    file: "core/raft/election.ts",
    anchor: "    return;\n  }\n  startPreVote(state);\n}",
    replacement: "    return;\n  }\n  becomeCandidate(state, true);\n}",
    killer: { harness: "sim", seeds: 50, rules: ["I40"] },
  },
  {
    row: "E14",
    bug: "a pre-candidate still believes in the leader it misses, and refuses others",
    file: "core/raft/election.ts",
    anchor: "  return state.nowMs - state.leaderContactMs < state.timing.electionTimeoutMsMin;",
    replacement: "  return state.leaderContactMs > -Infinity;",
    killer: { harness: "sim", seeds: 10, rules: ["I48"] },
  },
  {
    row: "E15",
    bug: "the later term in a refused pre-vote is ignored",
    file: "core/raft/term_gate.ts",
    anchor: "      if (message.granted) return true;\n      break;",
    replacement: "      return true;",
    killer: { harness: "sim", seeds: 10, rules: ["I46"] },
  },
  {
    row: "E17",
    bug: "an append that is rejected does not keep the follower quiet",
    file: "core/raft/follower.ts",
    anchor: "  onLeaderContact(state, from);\n  // The log is about to be replaced",
    replacement:
      "  if (state.log.matches(request.previous)) onLeaderContact(state, from);\n  // The log is about to be replaced",
    killer: { harness: "sim", seeds: 200, rules: ["I40"] },
  },
  {
    row: "E18",
    bug: "a late pre-vote counts as a vote",
    file: "core/raft/election.ts",
    anchor: '  if (state.role.kind !== "pre_candidate") return;\n  if (response.granted',
    replacement:
      `  if (state.role.kind !== "pre_candidate" && state.role.kind !== "candidate") return;
  if (state.role.kind === "pre_candidate" && response.granted`,
    killer: { harness: "sim", seeds: 40, rules: ["I1", "I17"] },
  },
  {
    row: "E19",
    bug: "a leader whose disk hangs leads on",
    file: "core/raft/leader.ts",
    anchor:
      "  return state.durability.writingForMs(state.nowMs) >= state.timing.electionTimeoutMsMin;",
    replacement: "  return state.durability.writingForMs(state.nowMs) === Infinity;",
    killer: { harness: "sim", seeds: 400, rules: ["I41"] },
  },
  {
    row: "E21",
    bug: "a leader does not heed the later term in a refused append",
    file: "core/raft/term_gate.ts",
    anchor: '    case "pre_vote_request":\n      return true;\n    case "pre_vote_response":',
    replacement: `    case "append_rejected":
      return false;
    case "pre_vote_request":
      return true;
    case "pre_vote_response":`,
    killer: { harness: "sim", seeds: 50, rules: ["I46"] },
  },
  {
    row: "E21",
    bug: "a candidate does not heed the later term in a refused vote",
    file: "core/raft/term_gate.ts",
    anchor: '    case "pre_vote_request":\n      return true;\n    case "pre_vote_response":',
    replacement: `    case "vote_response":
      return false;
    case "pre_vote_request":
      return true;
    case "pre_vote_response":`,
    killer: { harness: "sim", seeds: 120, rules: ["I46"] },
  },
  {
    row: "E-5",
    bug: "a hand-over draws in nobody who hears the leader",
    file: "core/raft/election.ts",
    anchor: "  return request.transfer || !believesInLeader(state);",
    replacement: "  return !believesInLeader(state);",
    killer: { harness: "sim", seeds: 50, rules: ["I46"] },
  },
  {
    row: "E-10",
    bug: "the wait after a vote that was split does not grow",
    file: "core/raft/election.ts",
    anchor: "heartbeatMs / 20 * 4 ** state.campaigns",
    replacement: "heartbeatMs / 20",
    killer: {
      harness: "test",
      file: "core/raft/campaign_again_test.ts",
      name: "a candidate that is refused a vote campaigns again soon, and each time less soon",
      why: "it costs time, which no rule bounds so closely",
    },
  },
  {
    row: "E-14",
    bug: "a voter that was not reached is not asked again when its link is up",
    file: "core/raft/election.ts",
    anchor: "  if (role.votes.has(peer) || !peersOf(state).includes(peer)) return;",
    replacement: "  if (role.votes.size > 0) return;",
    killer: { harness: "sim", seeds: 100, rules: ["I49"] },
  },
  {
    row: "E-15",
    bug: "two pre-candidates that ask each other both go on, and split the vote",
    file: "core/raft/election.ts",
    anchor: "  return peer < state.id || !isUpToDate(state.log.last, last);",
    replacement: "  return !isUpToDate(state.log.last, last);",
    killer: { harness: "sim", seeds: 50, rules: ["I49"] },
  },
];

/** Rows without a mutant. */
export const ELECTIONS_EXCUSED: readonly Excused[] = [];
