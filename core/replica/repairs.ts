/**
 * Asks the other members for entries that were lost to damage on this node's disk, and gives what
 * others have lost. No term and no leader is involved: core/raft/repair.ts says why.
 *
 * @module
 */

import type { NodeId } from "../raft/ids.ts";
import type { EntriesRequest, EntriesResponse, Envelope } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";

/** After how many heartbeats an unanswered request is repeated: messages get lost, peers return. */
const REPEAT_HEARTBEATS = 3;

/** The repairs of one replica. */
export class Repairs {
  readonly #node: Pick<RaftNode<unknown>, "repair" | "peers">;
  readonly #repeatMs: number;
  #askAtMs = -Infinity;
  #messages: Envelope[] = [];

  /** Asks nobody yet. */
  constructor(node: Pick<RaftNode<unknown>, "repair" | "peers">, heartbeatMs: number) {
    this.#node = node;
    this.#repeatMs = REPEAT_HEARTBEATS * heartbeatMs;
  }

  /** When to ask next; never, if nothing is lost. */
  get dueMs(): number {
    return this.#node.repair.isWhole ? Infinity : this.#askAtMs;
  }

  /** Asks everyone for what is lost, if that is due. */
  flush({ nowMs, isUp }: {
    readonly nowMs: number;
    readonly isUp: (peer: NodeId) => boolean;
  }): void {
    if (nowMs < this.dueMs) return;
    this.#askAtMs = nowMs + this.#repeatMs;
    const { repair, peers } = this.#node;
    const positions = repair.lost;
    if (positions.length === 0) return;
    const message: EntriesRequest = { type: "entries_request", positions };
    for (const { id: to } of peers) if (isUp(to)) this.#messages.push({ to, message });
  }

  /** A peer asks. */
  onRequest(from: NodeId, { positions }: EntriesRequest): void {
    const entries = this.#node.repair.supply(positions);
    if (entries.length === 0) return;
    this.#messages.push({ to: from, message: { type: "entries_response", entries } });
  }

  /** A peer gives. The rest, if there is more than one message can hold, is asked for at once. */
  onResponse({ entries }: EntriesResponse): void {
    if (this.#node.repair.restore(entries)) this.#askAtMs = -Infinity;
  }

  /** The messages to peers since the last call. */
  takeMessages(): Envelope[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}
