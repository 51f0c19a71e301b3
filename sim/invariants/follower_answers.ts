/**
 * What the followers of each leader have answered it in its term: what it may count on.
 *
 * @module
 */

import type { LogIndex, Message, NodeId, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** What a follower has answered in a term. */
export interface Answers {
  /** When it last answered anything, by its leader's clock. */
  atMs: number;
  /** Whether it ever took an append. */
  hasAccepted: boolean;
  /** The last entry that it ever said to have on disk, as an entry or in a snapshot. */
  upTo: LogIndex;
}

/** A memory that rules share; it demands nothing. */
export class FollowerAnswers implements Rule {
  readonly #terms = new Map<NodeId, { term: Term; readonly by: Map<NodeId, Answers> }>();

  /** What `follower` has answered to a node in a term that it led; null if nothing. */
  of(leader: NodeId, term: Term, follower: NodeId): Answers | null {
    const known = this.#terms.get(leader);
    return known?.term === term ? known.by.get(follower) ?? null : null;
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    switch (message.type) {
      case "append_accepted":
      case "append_rejected":
      case "heartbeat_response":
      case "snapshot_response": {
        const answers = this.#answersOf(node, from, message.term);
        if (answers === null) return;
        answers.atMs = node.clock.monotonicMs;
        if (message.type === "append_accepted") answers.hasAccepted = true;
        const upTo = acknowledgedBy(message);
        if (upTo > answers.upTo) answers.upTo = upTo;
        break;
      }
      default:
    }
  }

  onCrashed(id: NodeId): void {
    this.#terms.delete(id);
  }

  #answersOf(node: Observed, from: NodeId, term: Term): Answers | null {
    let known = this.#terms.get(node.id);
    if (known?.term !== term) {
      // What it has sent as a leader may leave only after it has heard of a later term.
      const status = node.status();
      if (status?.term !== term || status.role !== "leader") return null;
      this.#terms.set(node.id, known = { term, by: new Map() });
    }
    let answers = known.by.get(from);
    if (answers === undefined) {
      answers = { atMs: -Infinity, hasAccepted: false, upTo: 0 as LogIndex };
      known.by.set(from, answers);
    }
    return answers;
  }
}

function acknowledgedBy(message: Message): LogIndex {
  if (message.type === "append_accepted") return message.matchIndex;
  const isInstalled = message.type === "snapshot_response" && message.installed;
  return isInstalled ? message.index : 0 as LogIndex;
}
