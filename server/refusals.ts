/**
 * The failure table's row for each reason for which an operator's order is refused, or a read by a
 * node that has no state.
 *
 * @module
 */

import { KvFailure, unreachable } from "@raftkv/core";
import type { MembershipRefusal, TransferRefusal } from "@raftkv/core/raft";

/** Why the members stay as they are. */
export function membershipFailureOf(reason: MembershipRefusal): KvFailure {
  return new KvFailure(reason === "unknown_member" ? "member_not_found" : reason);
}

/** Why the leader leads on. */
export function transferFailureOf(reason: TransferRefusal): KvFailure {
  switch (reason) {
    case "unknown_member":
      return new KvFailure("member_not_found");
    case "not_a_voter":
    case "no_heir":
    case "not_taken_over":
      return new KvFailure(reason);
    default:
      return unreachable(reason);
  }
}

/** The refusal of a read by a node whose state is not an old one, but none. */
export function stateLostFailure(): KvFailure {
  const reason = "The node lost its state to damage and waits for a snapshot; ask another.";
  return new KvFailure("no_leader", reason);
}
