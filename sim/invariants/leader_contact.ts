/**
 * When each node last heard the leader of its term: what I40 is about. A node believes in that leader
 * until the shortest election timeout has passed on its own clock, its term is over, it is told that
 * the link to the leader broke, or it starts anew (thesis §4.2.3). With lease reads it has promised
 * its vote away for as long, whatever comes to pass meanwhile.
 *
 * @module
 */

import type { Message, NodeId, RaftTiming, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import type { Rule } from "./rule.ts";

/** A leader as a node last heard it. */
interface Contact {
  readonly leader: NodeId;
  readonly term: Term;
  /** By the node's own clock. */
  readonly atMs: number;
}

/** A memory that rules share; it demands nothing. */
export class LeaderContact implements Rule {
  readonly #timeoutMs: number;
  readonly #hasLeases: boolean;
  readonly #contacts = new Map<NodeId, Contact>();
  /** Until when each node withholds its vote, by its own clock. */
  readonly #withheldUntilMs = new Map<NodeId, number>();

  /** Begins with nobody heard. */
  constructor({ electionTimeoutMsMin, leaseDriftMs }: RaftTiming) {
    this.#timeoutMs = electionTimeoutMsMin;
    this.#hasLeases = leaseDriftMs !== undefined;
  }

  /** Whom a node believes to lead in its present term; null if nobody. */
  leaderOf(node: Observed): NodeId | null {
    const contact = this.#contacts.get(node.id);
    if (contact === undefined || contact.term !== node.status()?.term) return null;
    return node.clock.monotonicMs - contact.atMs < this.#timeoutMs ? contact.leader : null;
  }

  /** Whether a node leads, believes in a leader or may have promised its vote away. */
  isLoyal(node: Observed): boolean {
    return node.status()?.role === "leader" || this.leaderOf(node) !== null ||
      this.#mayWithholdVote(node);
  }

  onStarted(node: Observed): void {
    this.#withholdVote(node);
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    switch (message.type) {
      case "append_request":
      case "heartbeat_request":
      case "snapshot_request": {
        const { term } = message;
        if (term < (node.status()?.term ?? 0)) return;
        this.#contacts.set(node.id, { leader: from, term, atMs: node.clock.monotonicMs });
        if (message.type === "heartbeat_request") this.#withholdVote(node);
        break;
      }
      default:
    }
  }

  onTold({ id }: Observed, input: Told): void {
    if (input.kind !== "peer_down") return;
    if (this.#contacts.get(id)?.leader === input.peer) this.#contacts.delete(id);
  }

  onCrashed(id: NodeId): void {
    this.#contacts.delete(id);
  }

  /** Whether a node may have promised to vote for nobody now, in this life or in the one before. */
  #mayWithholdVote({ clock, id }: Observed): boolean {
    return clock.monotonicMs < (this.#withheldUntilMs.get(id) ?? -Infinity);
  }

  #withholdVote({ clock, id }: Observed): void {
    if (this.#hasLeases) this.#withheldUntilMs.set(id, clock.monotonicMs + this.#timeoutMs);
  }
}
