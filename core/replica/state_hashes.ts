/**
 * Compares what the replicas made of the same log. The leader names, once per heartbeat while there
 * are new entries, the last one it applied and the hash of its state there; whoever comes to another
 * hash at that entry asks everyone for theirs, and the majority is right: a leader, too, may be the
 * one that is wrong. A replica without a majority on its side must stop, for it has promised answers
 * it cannot give.
 *
 * Hashes are cumulative: two states that differ once differ for good, so it does no harm that most
 * entries are passed over and that messages get lost.
 *
 * @module
 */

import type { Configuration } from "../raft/configuration.ts";
import type { LogIndex, NodeId } from "../raft/ids.ts";
import type { Envelope, Role, StateHash } from "../raft/message.ts";
import { type Tally, tallyOf } from "../raft/quorum.ts";
import { StateDivergedError } from "./state_diverged_error.ts";
import type { StateMachine } from "./state_machine.ts";

/** One entry at which states are compared. */
interface Checkpoint {
  /** This replica's hash there; null until it has applied the entry. */
  own: string | null;
  readonly heard: Map<NodeId, string>;
  /** Who asked before this replica had come to the entry. */
  readonly askers: Set<NodeId>;
  /** Whether a majority was found to have the own hash. */
  isSettled: boolean;
}

/** Another hash than the own one is known, and which one is right is not. */
interface Dispute {
  readonly own: string;
  readonly checkpoint: Checkpoint;
  sinceMs: number | null;
  askDueMs: number;
}

/** Who compares. */
export interface ComparingNode {
  readonly id: NodeId;
  readonly role: Role;
  readonly configuration: Configuration;
}

/** The moment of a comparison. */
export interface Comparison {
  readonly nowMs: number;
  /** The last entry in the machine's state; null while a snapshot takes its place. */
  readonly appliedIndex: LogIndex | null;
  readonly isUp: (peer: NodeId) => boolean;
}

/** How many checkpoints are remembered: some seconds' worth. */
const CHECKPOINTS_MAX = 64;

/** After how many heartbeats the same hash is told again: messages get lost, and members return. */
const REPEAT_HEARTBEATS = 10;

/** For how many heartbeats a replica in doubt waits for the votes it lacks before it stops. */
const DOUBT_HEARTBEATS_MAX = 30;

/** The comparisons of one replica. */
export class StateHashes {
  readonly #machine: StateMachine<unknown>;
  readonly #heartbeatMs: number;
  readonly #checkpoints = new Map<LogIndex, Checkpoint>();
  readonly #disputes = new Map<LogIndex, Dispute>();
  #announcedIndex = 0;
  #announcedMs = -Infinity;
  #messages: Envelope[] = [];

  /** Compares nothing if the machine has no hash. */
  constructor(machine: StateMachine<unknown>, heartbeatMs: number) {
    this.#machine = machine;
    this.#heartbeatMs = heartbeatMs;
  }

  /** The machine has taken in the entry at `index`, or a snapshot that ends there. */
  onApplied(index: LogIndex): void {
    const checkpoint = this.#checkpoints.get(index);
    if (checkpoint !== undefined) this.#take(index, checkpoint);
  }

  /** A peer tells its hash. */
  onMessage(from: NodeId, { index, hash, asks }: StateHash, appliedIndex: LogIndex | null): void {
    if (this.#machine.stateHash === undefined) return;
    const checkpoint = this.#checkpointAt(index);
    checkpoint.heard.set(from, hash);
    if (asks) checkpoint.askers.add(from);
    if (checkpoint.own === null && index === appliedIndex) this.#take(index, checkpoint);
    else this.#onKnown(index, checkpoint);
  }

  /**
   * Tells others what is due.
   *
   * @returns Whether to be called again soon: others are to hear of a difference before this replica
   *   ends over it.
   * @throws {StateDivergedError} if this replica's state is not that of the majority
   */
  flush(node: ComparingNode, moment: Comparison): boolean {
    if (node.role === "leader") this.#maybeAnnounce(node, moment);
    let hasMore = false;
    if (this.#disputes.size > 0) this.#settleByLater(node);
    for (const [index, dispute] of this.#disputes) {
      hasMore ||= dispute.sinceMs === null;
      this.#maybeSettle(index, { dispute, node, moment });
    }
    return hasMore;
  }

  /** The messages to peers since the last call. */
  takeMessages(): Envelope[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #maybeAnnounce(node: ComparingNode, { nowMs, appliedIndex, isUp }: Comparison): void {
    if (appliedIndex === null || appliedIndex === 0) return;
    const pauseHeartbeats = appliedIndex > this.#announcedIndex ? 1 : REPEAT_HEARTBEATS;
    if (nowMs - this.#announcedMs < pauseHeartbeats * this.#heartbeatMs) return;
    if (this.#machine.stateHash === undefined) return;
    const checkpoint = this.#checkpointAt(appliedIndex);
    this.#take(appliedIndex, checkpoint);
    this.#announcedIndex = appliedIndex;
    this.#announcedMs = nowMs;
    this.#tell(node, { index: appliedIndex, hash: checkpoint.own, asks: false, isUp });
  }

  /**
   * Ends the disputes up to the last entry at which a majority has the own hash: who has the same
   * hash there had it at every entry before. Those who passed a disputed entry before they were asked
   * about it can vote on a later one alone.
   */
  #settleByLater(node: ComparingNode): void {
    // Below every entry, the state before the first one included.
    let through = -1;
    for (const [index, checkpoint] of this.#checkpoints) {
      if (index <= through || tallyAt(node, checkpoint) !== "won") continue;
      checkpoint.isSettled = true;
      through = index;
    }
    for (const [index, { checkpoint }] of this.#disputes) {
      if (index > through) continue;
      checkpoint.isSettled = true;
      this.#disputes.delete(index);
    }
  }

  #maybeSettle(
    index: LogIndex,
    { dispute, node, moment }: {
      readonly dispute: Dispute;
      readonly node: ComparingNode;
      readonly moment: Comparison;
    },
  ): void {
    const { own, checkpoint } = dispute;
    const { nowMs, isUp } = moment;
    const tally = tallyAt(node, checkpoint);
    if (tally === "won") {
      checkpoint.isSettled = true;
      this.#disputes.delete(index);
      return;
    }
    const isNew = dispute.sinceMs === null;
    const doubtMs = nowMs - (dispute.sinceMs ??= nowMs);
    const isOver = tally === "lost" || doubtMs >= DOUBT_HEARTBEATS_MAX * this.#heartbeatMs;
    if (isOver && !isNew) throw new StateDivergedError({ index, own, heard: checkpoint.heard });
    if (nowMs < dispute.askDueMs) return;
    dispute.askDueMs = nowMs + this.#heartbeatMs;
    this.#tell(node, { index, hash: own, asks: true, isUp });
    const [newest] = [...this.#checkpoints].filter(([at, { own }]) => at > index && own !== null)
      .sort(([a], [b]) => b - a);
    if (newest === undefined) return;
    this.#tell(node, { index: newest[0], hash: newest[1].own, asks: true, isUp });
  }

  #take(index: LogIndex, checkpoint: Checkpoint): void {
    checkpoint.own ??= this.#machine.stateHash ?? null;
    this.#onKnown(index, checkpoint);
  }

  /** Answers whoever asked, and sees whether anyone came to another hash. */
  #onKnown(index: LogIndex, checkpoint: Checkpoint): void {
    const { own, heard, askers } = checkpoint;
    if (own === null) return;
    const message: StateHash = { type: "state_hash", index, hash: own, asks: false };
    for (const to of askers) this.#messages.push({ to, message });
    askers.clear();
    if (checkpoint.isSettled || this.#disputes.has(index)) return;
    if (heard.values().every((hash) => hash === own)) return;
    this.#disputes.set(index, { own, checkpoint, sinceMs: null, askDueMs: -Infinity });
  }

  #tell(
    { id, configuration }: ComparingNode,
    { index, hash, asks, isUp }: Pick<StateHash, "index" | "asks"> & Pick<Comparison, "isUp"> & {
      readonly hash: string | null;
    },
  ): void {
    if (hash === null) return;
    const message: StateHash = { type: "state_hash", index, hash, asks };
    for (const { id: to } of configuration.members) {
      if (to !== id && isUp(to)) this.#messages.push({ to, message });
    }
  }

  #checkpointAt(index: LogIndex): Checkpoint {
    const known = this.#checkpoints.get(index);
    if (known !== undefined) return known;
    const checkpoint: Checkpoint = {
      own: null,
      heard: new Map(),
      askers: new Set(),
      isSettled: false,
    };
    this.#checkpoints.set(index, checkpoint);
    if (this.#checkpoints.size > CHECKPOINTS_MAX) {
      const [oldest] = this.#checkpoints.keys();
      // What is in dispute there stays in dispute.
      if (oldest !== undefined) this.#checkpoints.delete(oldest);
    }
    return checkpoint;
  }
}

/** How a vote on the own hash at a checkpoint stands; nothing is decided before there is one. */
function tallyAt(node: ComparingNode, { own, heard }: Checkpoint): Tally {
  if (own === null) return "open";
  const votes = new Map(heard.entries().map(([peer, hash]) => [peer, hash === own]));
  return tallyOf(node.configuration, votes.set(node.id, true));
}
