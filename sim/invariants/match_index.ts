/**
 * I15: what a leader counts of a follower is on that follower's disk, and is the leader's own entry.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, NodeId } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Rule } from "./rule.ts";

/** I15 match index. */
export class MatchIndex implements Rule {
  readonly #chronicle: Chronicle;
  readonly #node: (id: NodeId) => Observed | undefined;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle, node: (id: NodeId) => Observed | undefined) {
    this.#chronicle = chronicle;
    this.#node = node;
  }

  onSent({ id, disk }: Observed, { to, message }: Envelope): void {
    if (message.type !== "append_accepted") return;
    const { matchIndex, term } = message;
    if (this.#chronicle.leaders.get(term) !== to) return;
    const leader = this.#node(to)?.disk;
    // A leader that has heard of a later term may have had to give its entries up since.
    if (leader === undefined || leader.hardState.term !== term) return;
    const [held, own] = [disk.termAt(matchIndex), leader.termAt(matchIndex)];
    invariant(
      held === null || own === null || held === own,
      "I15 match index: a follower acknowledges only what the leader has there",
      () => ({ id, leader: to, term, matchIndex, held, own }),
    );
  }
}
