/**
 * Random well-formed messages of every type, for tests of whatever carries them.
 *
 * @module
 */

import { configurationOf } from "@raftkv/core/raft";
import type {
  Configuration,
  Entry,
  EntryKind,
  LogIndex,
  LogPosition,
  Message,
  NodeId,
  Order,
  OrderEnd,
  ReadProof,
  ReadRound,
  Role,
  SnapshotChunk,
  Term,
  WriteTimes,
} from "@raftkv/core/raft";
import type { Random } from "../../../core/random.ts";

/** Draws values of the kinds that messages are made of. */
export class Draw {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** An integer from 0 to `max`. */
  upTo(max: number): number {
    return Math.floor(this.#random() * (max + 1));
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.upTo(choices.length - 1)]!;
  }

  flag(): boolean {
    return this.#random() < 0.5;
  }

  /** Integers of every size, with those at which an encoding changes its length among them. */
  integer(): number {
    const power = 2 ** this.upTo(53);
    return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, power - 1 + this.upTo(2)));
  }

  bytes(sizeMax: number): Uint8Array {
    return Uint8Array.from({ length: this.upTo(sizeMax) }, () => this.upTo(255));
  }

  term(): Term {
    return this.integer() as Term;
  }

  index(): LogIndex {
    return this.integer() as LogIndex;
  }

  round(): ReadRound {
    return this.integer() as ReadRound;
  }

  id(): NodeId {
    return this.oneOf(["n1", "n2", "a", "ü-node", "日本", "🦕", "x".repeat(200)]) as NodeId;
  }

  position(): LogPosition {
    if (this.upTo(4) === 0) return { index: 0 as LogIndex, term: 0 as Term };
    return {
      index: Math.max(1, this.integer()) as LogIndex,
      term: Math.max(1, this.integer()) as Term,
    };
  }

  configuration(): Configuration {
    const ids = [...new Set(Array.from({ length: this.upTo(5) }, () => this.id()))];
    const { members } = configurationOf(
      ids.map((id) => ({
        id,
        url: `http://${id}:8001`,
        ...this.flag() ? { incarnation: `life of ${id}` } : {},
      })),
    );
    const voters: NodeId[] = [];
    const votersOutgoing: NodeId[] = [];
    const learners: NodeId[] = [];
    for (const { id } of members) {
      const roles = this.oneOf([[voters], [voters, votersOutgoing], [votersOutgoing, learners]]);
      for (const role of roles) role.push(id);
    }
    const candidates = learners.filter(() => this.flag())
      .map((id) => ({ id, replaces: this.flag() ? this.id() : null }));
    return { members, voters, votersOutgoing, learners, candidates };
  }

  chunk(): SnapshotChunk {
    const data = this.bytes(50);
    const offsetBytes = this.upTo(1_000_000);
    const sizeBytes = data.length === 0 ? 0 : offsetBytes + data.length + this.upTo(1_000);
    const digest = Array.from({ length: 64 }, () => this.upTo(15).toString(16)).join("");
    const meta = {
      last: this.position(),
      configuration: this.configuration(),
      sizeBytes,
      digest,
    };
    return { meta, offsetBytes: data.length === 0 ? 0 : offsetBytes, data };
  }

  order(): Order {
    if (this.flag()) {
      return { kind: "transfer_leadership", target: this.flag() ? this.id() : null };
    }
    const ids = () => Array.from({ length: this.upTo(3) }, () => this.id());
    const members = () => ids().map((id) => ({ id, url: `http://${id}:8001` }));
    const change = {
      add: members().map((member) => ({
        ...member,
        votes: this.flag(),
        replaces: this.flag() ? this.id() : null,
      })),
      remove: ids(),
      promote: ids(),
      move: members(),
    };
    const expectedIndex = this.flag() ? this.integer() : null;
    return { kind: "change_membership", change, expectedIndex };
  }

  orderEnd(): OrderEnd {
    return this.oneOf<() => OrderEnd>([
      () => ({
        kind: "membership_changed",
        index: this.index(),
        configuration: this.configuration(),
      }),
      () => ({ kind: "membership_refused", reason: this.oneOf(MEMBERSHIP_REFUSALS) }),
      () => ({ kind: "leadership_transferred", leaderId: this.id(), term: this.term() }),
      () => ({ kind: "transfer_refused", reason: this.oneOf(TRANSFER_REFUSALS) }),
      () => ({ kind: "failed", reason: this.oneOf(FAILURES) }),
    ])();
  }

  /** Entries that may follow `previous`. */
  entriesAfter(previous: LogPosition): Entry[] {
    const entries: Entry[] = [];
    let { index, term } = previous;
    for (let left = this.upTo(4); left > 0 && index < Number.MAX_SAFE_INTEGER; left--) {
      index = (index + 1) as LogIndex;
      term = Math.max(1, Math.min(Number.MAX_SAFE_INTEGER, term + this.upTo(1))) as Term;
      const kind = this.oneOf<EntryKind>(["noop", "command", "configuration"]);
      const payload = kind === "noop" ? new Uint8Array() : this.bytes(40);
      entries.push({ index, term, kind, timeMs: this.integer(), payload });
    }
    return entries;
  }
}

const PROOFS: readonly ReadProof[] = ["quorum", "lease"];
const ROLES: readonly Role[] = ["follower", "pre_candidate", "candidate", "leader", "learner"];
const MEMBERSHIP_REFUSALS = [
  "change_in_progress",
  "configuration_changed",
  "already_member",
  "unknown_member",
  "not_a_learner",
  "not_caught_up",
  "no_voter_left",
  "nothing_to_change",
  "voters_unreachable",
] as const;
const TRANSFER_REFUSALS = ["unknown_member", "not_a_voter", "no_heir", "not_taken_over"] as const;
const FAILURES = [
  "not_leader",
  "no_leader",
  "overloaded",
  "stopping",
  "lost",
  "unknown",
  "storage_full",
] as const;

/** One maker for each type of message. */
export const MAKERS: {
  readonly [Type in Message["type"]]: (draw: Draw) => Extract<Message, { readonly type: Type }>;
} = {
  pre_vote_request: (draw) => ({
    type: "pre_vote_request",
    term: draw.term(),
    last: draw.position(),
  }),
  pre_vote_response: (draw) => ({
    type: "pre_vote_response",
    term: draw.term(),
    granted: draw.flag(),
  }),
  vote_request: (draw) => ({
    type: "vote_request",
    term: draw.term(),
    last: draw.position(),
    transfer: draw.flag(),
  }),
  vote_response: (draw) => ({ type: "vote_response", term: draw.term(), granted: draw.flag() }),
  append_request: (draw) => {
    const previous = draw.position();
    const entries = draw.entriesAfter(previous);
    const term = entries.at(-1)?.term ?? previous.term;
    return { type: "append_request", term, previous, entries, leaderCommit: draw.index() };
  },
  append_accepted: (draw) => ({
    type: "append_accepted",
    term: draw.term(),
    matchIndex: draw.index(),
  }),
  append_rejected: (draw) => ({
    type: "append_rejected",
    term: draw.term(),
    rejectedIndex: draw.index(),
    hint: draw.position(),
    isDamaged: draw.flag(),
  }),
  heartbeat_request: (draw) => ({
    type: "heartbeat_request",
    term: draw.term(),
    commitIndex: draw.index(),
    round: draw.round(),
    sentAtMs: draw.integer(),
  }),
  heartbeat_response: (draw) => ({
    type: "heartbeat_response",
    term: draw.term(),
    round: draw.round(),
    sentAtMs: draw.integer(),
    withheldMs: draw.integer(),
  }),
  snapshot_request: (draw) => ({
    type: "snapshot_request",
    term: draw.term(),
    chunk: draw.chunk(),
  }),
  snapshot_response: (draw) => ({
    type: "snapshot_response",
    term: draw.term(),
    index: draw.index(),
    nextOffsetBytes: draw.integer(),
    installed: draw.flag(),
  }),
  timeout_now: (draw) => ({ type: "timeout_now", term: draw.term() }),
  forward_request: (draw) => ({
    type: "forward_request",
    sender: draw.integer(),
    requestId: draw.integer(),
    term: draw.term(),
    payload: draw.bytes(60),
    isTraced: draw.flag(),
  }),
  forward_response: (draw) => ({
    type: "forward_response",
    sender: draw.integer(),
    requestId: draw.integer(),
    end: draw.flag()
      ? {
        kind: "applied",
        index: draw.index(),
        result: draw.bytes(60),
        times: draw.flag() ? drawTimes(draw) : null,
      }
      : { kind: "failed", reason: draw.oneOf(FAILURES) },
  }),
  order_request: (draw) => ({
    type: "order_request",
    sender: draw.integer(),
    requestId: draw.integer(),
    term: draw.term(),
    order: draw.order(),
  }),
  order_response: (draw) => ({
    type: "order_response",
    sender: draw.integer(),
    requestId: draw.integer(),
    end: draw.orderEnd(),
  }),
  read_index_request: (draw) => ({
    type: "read_index_request",
    requestId: draw.integer(),
    lease: draw.flag(),
  }),
  read_index_response: (draw) => ({
    type: "read_index_response",
    requestId: draw.integer(),
    granted: draw.flag() ? { index: draw.index(), proof: draw.oneOf(PROOFS) } : null,
  }),
  status_request: (draw) => ({ type: "status_request", requestId: draw.integer() }),
  status_response: (draw) => ({
    type: "status_response",
    requestId: draw.integer(),
    status: {
      id: draw.id(),
      role: draw.oneOf(ROLES),
      term: draw.term(),
      leaderId: draw.flag() ? draw.id() : null,
      lastIndex: draw.index(),
      commitIndex: draw.index(),
      appliedIndex: draw.index(),
      snapshotIndex: draw.index(),
      revision: draw.integer(),
    },
  }),
  state_hash: (draw) => ({
    type: "state_hash",
    index: draw.index(),
    hash: draw.oneOf(["", "0123456789abcdef", "ü"]),
    asks: draw.flag(),
  }),
  entries_request: (draw) => ({
    type: "entries_request",
    positions: Array.from({ length: draw.upTo(4) }, () => draw.position()),
    snapshot: draw.flag() ? { index: draw.index(), offsetBytes: draw.integer() } : null,
  }),
  entries_response: (draw) => ({
    type: "entries_response",
    entries: Array.from({ length: draw.upTo(3) }, () => draw.entriesAfter(draw.position())).flat(),
  }),
  snapshot_supply: (draw) => ({ type: "snapshot_supply", chunk: draw.chunk() }),
};

/** A random message of a random type. */
export function drawMessage(draw: Draw): Message {
  return draw.oneOf(Object.values(MAKERS))(draw);
}

/** Times that come back as they went: whole microseconds. */
function drawTimes(draw: Draw): WriteTimes {
  const ms = () => draw.upTo(1_000_000) / 1_000;
  return {
    queueMs: ms(),
    fsyncMs: draw.flag() ? ms() : null,
    quorumMs: ms(),
    peers: Array.from({ length: draw.upTo(3) }, () => ({ id: draw.id(), ackMs: ms() })),
  };
}
