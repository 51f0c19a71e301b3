/**
 * I40, the leader's half: a leader gives way inside its term only with cause. It has not heard from a
 * quorum of the voters for the longest election timeout, its disk has not ended a batch for the
 * shortest, or it votes no more (thesis §4.2.2, §6.2).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Message, NodeId, PersistBatch, RaftTiming } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import { isQuorum } from "./configurations.ts";
import type { Rule, Step } from "./rule.ts";

/** A batch as its node knows of it. */
interface Writing {
  readonly sinceMs: number;
  /** When the node was told that it has ended; Infinity until then. */
  endMs: number;
}

/** I40 leaders are kept. */
export class KeptLeaders implements Rule {
  readonly #timing: RaftTiming;
  /** When each node last heard each other in its present term, by its own clock. */
  readonly #heardMs = new Map<NodeId, Map<NodeId, number>>();
  readonly #writing = new Map<NodeId, Writing>();

  /** Begins with nothing heard. */
  constructor(timing: RaftTiming) {
    this.#timing = timing;
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    switch (message.type) {
      case "append_accepted":
      case "append_rejected":
      case "heartbeat_response": {
        if (message.term !== node.status()?.term) return;
        const heardMs = this.#heardMs.get(node.id) ?? new Map<NodeId, number>();
        this.#heardMs.set(node.id, heardMs.set(from, node.clock.monotonicMs));
        break;
      }
      default:
    }
  }

  onWriting({ id, clock }: Observed, _batch: PersistBatch): void {
    this.#writing.set(id, { sinceMs: clock.monotonicMs, endMs: Infinity });
  }

  onTold({ id, clock }: Observed, input: Told): void {
    const writing = input.kind === "persisted" ? this.#writing.get(id) : undefined;
    if (writing !== undefined) writing.endMs = clock.monotonicMs;
  }

  onCrashed(id: NodeId): void {
    this.#heardMs.delete(id);
    this.#writing.delete(id);
  }

  onStepped({ node, now, before }: Step): void {
    if (before?.status.term !== now.status.term) this.#heardMs.delete(node.id);
    else if (before.status.role === "leader" && now.status.role !== "leader") {
      const { id } = node;
      if (!now.configuration.voters.includes(id) || this.#isStalled(node)) return;
      const heard = this.#heardLately(node);
      invariant(
        !isQuorum(before.configuration, new Set([...heard, id])),
        "I40 no leader is deposed without cause: a leader that a quorum answers leads on",
        () => ({ id, term: now.status.term, heard, inForce: before.configuration }),
      );
    }
  }

  /** Whom the node has heard lately. What came in this very moment it may have judged before. */
  #heardLately({ clock, id }: Observed): NodeId[] {
    const { monotonicMs } = clock;
    return [...this.#heardMs.get(id) ?? []].flatMap(([peer, atMs]) => {
      const isLate = monotonicMs - atMs >= this.#timing.electionTimeoutMsMax;
      return isLate || atMs === monotonicMs ? [] : [peer];
    });
  }

  #isStalled({ clock: { monotonicMs }, id }: Observed): boolean {
    const writing = this.#writing.get(id);
    if (writing === undefined || writing.endMs < monotonicMs) return false;
    return monotonicMs - writing.sinceMs >= this.#timing.electionTimeoutMsMin;
  }
}
