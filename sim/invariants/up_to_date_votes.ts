/**
 * I14: a vote goes only to a candidate whose log is at least as up to date as the voter's (§5.4.1).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type {
  Envelope,
  LogPosition,
  Message,
  NodeId,
  SnapshotMeta,
  VoteRequest,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import type { Rule } from "./rule.ts";

/** A request as its voter heard it. */
interface Asked {
  readonly request: VoteRequest;
  /** What was durable there of its log by then; null if the node did not know that itself. */
  readonly own: LogPosition | null;
  /** Whether a snapshot took the place of that log, for the voter not before it was asked. */
  isReplaced: boolean;
}

/** I14 votes for what is up to date. */
export class UpToDateVotes implements Rule {
  /** The last request that each voter has heard from each candidate, by voter. */
  readonly #asked = new Map<NodeId, Map<NodeId, Asked>>();
  /** On whose disk a snapshot took the place of the log, which they have not heard of yet. */
  readonly #unaware = new Set<NodeId>();

  onReceived(node: Observed, from: NodeId, message: Message): void {
    if (message.type !== "vote_request") return;
    const isReplaced = this.#unaware.has(node.id);
    const own = isReplaced ? null : lastOf(node);
    const asked = this.#asked.get(node.id) ?? new Map<NodeId, Asked>();
    this.#asked.set(node.id, asked.set(from, { request: message, own, isReplaced }));
  }

  onInstalled({ id }: Observed, _meta: SnapshotMeta): void {
    this.#unaware.add(id);
    for (const asked of this.#asked.get(id)?.values() ?? []) asked.isReplaced = true;
  }

  onTold({ id }: Observed, { kind }: Told): void {
    if (kind === "installed") this.#unaware.delete(id);
  }

  onCrashed(id: NodeId): void {
    this.#unaware.delete(id);
  }

  onSent(node: Observed, { to, message }: Envelope): void {
    if (message.type !== "vote_response" || !message.granted) return;
    const { id } = node;
    const asked = this.#asked.get(id)?.get(to);
    if (asked?.request.term !== message.term) return;
    const { request } = asked;
    // It voted by the log that it had, and waited for its disk, which first had a snapshot to install.
    const own = asked.isReplaced ? asked.own : lastOf(node);
    // What the voter has from this very term came from the one it voted for.
    if (own === null || own.term >= message.term) return;
    invariant(
      isAtLeast(request.last, own),
      "I14 votes for what is up to date: no vote goes to a log behind the voter's",
      () => ({ voter: id, own, candidate: to, last: request.last, term: message.term }),
    );
  }
}

/** Where the durable log of a node ends; null if that is not known. */
function lastOf({ disk }: Observed): LogPosition | null {
  const term = disk.termAt(disk.lastIndex);
  return term === null ? null : { index: disk.lastIndex, term };
}

/** Whether a log that ends at `a` is at least as up to date as one that ends at `b` (§5.4.1). */
export function isAtLeast(a: LogPosition, b: LogPosition): boolean {
  return a.term > b.term || (a.term === b.term && a.index >= b.index);
}
