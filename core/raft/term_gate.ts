/**
 * The term gate (§5.1): what a message of another term than the node's own does before, or instead
 * of, being handled.
 *
 * @module
 */

import { admitsTerm, onPreVoteRequest } from "./election.ts";
import type { NodeId } from "./ids.ts";
import type { RaftMessage } from "./message.ts";
import { becomeFollower } from "./roles.ts";
import type { NodeState } from "./state.ts";

/** A later term than ours; returns whether the message is then to be handled. */
export function enterTerm<Token>(
  state: NodeState<Token>,
  from: NodeId,
  message: RaftMessage,
): boolean {
  switch (message.type) {
    case "pre_vote_request":
      return true;
    case "pre_vote_response":
      // A granted pre-vote carries the term it was asked about, which nobody has entered.
      if (message.granted) return true;
      break;
    case "vote_request":
      if (!admitsTerm(state, message)) return false;
      break;
    case "append_request":
    case "heartbeat_request":
    case "snapshot_request":
      becomeFollower(state, message.term, from);
      return true;
    default:
  }
  becomeFollower(state, message.term, null);
  return true;
}

/** An earlier term than ours: the sender must learn that its time is over. */
export function answerStale<Token>(
  state: NodeState<Token>,
  from: NodeId,
  message: RaftMessage,
): void {
  switch (message.type) {
    case "pre_vote_request":
      onPreVoteRequest(state, from, message);
      return;
    case "vote_request":
      state.outbox.send(from, { type: "vote_response", term: state.term, granted: false });
      return;
    case "append_request":
    case "heartbeat_request":
    case "snapshot_request":
      state.outbox.send(from, {
        type: "append_rejected",
        term: state.term,
        rejectedIndex: state.log.lastIndex,
        hint: state.log.last,
        isDamaged: false,
      });
      return;
    default:
  }
}
