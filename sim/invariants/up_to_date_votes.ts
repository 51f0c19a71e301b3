/**
 * I14: a vote goes only to a candidate whose log is at least as up to date as the voter's (§5.4.1).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, LogPosition, Message, NodeId, VoteRequest } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** I14 votes for what is up to date. */
export class UpToDateVotes implements Rule {
  /** The last request that each voter has heard from each candidate. */
  readonly #asked = new Map<string, VoteRequest>();

  onReceived({ id }: Observed, from: NodeId, message: Message): void {
    if (message.type === "vote_request") this.#asked.set(`${id}<${from}`, message);
  }

  onSent({ id, disk }: Observed, { to, message }: Envelope): void {
    if (message.type !== "vote_response" || !message.granted) return;
    const request = this.#asked.get(`${id}<${to}`);
    const lastTerm = disk.termAt(disk.lastIndex);
    // What the voter has from this very term came from the one it voted for.
    if (request?.term !== message.term || lastTerm === null || lastTerm >= message.term) return;
    const own = { index: disk.lastIndex, term: lastTerm };
    invariant(
      isAtLeast(request.last, own),
      "I14 votes for what is up to date: no vote goes to a log behind the voter's",
      () => ({ voter: id, own, candidate: to, last: request.last, term: message.term }),
    );
  }
}

function isAtLeast(a: LogPosition, b: LogPosition): boolean {
  return a.term > b.term || (a.term === b.term && a.index >= b.index);
}
