/**
 * The arithmetic of majorities, for one configuration and for two joint ones (thesis §4.3).
 *
 * @module
 */

import type { Configuration } from "./configuration.ts";
import type { NodeId } from "./ids.ts";

/** How many of `count` voters make a majority. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * The largest value that a quorum has reached. With two joint configurations both must agree, so
 * the smaller of their results counts.
 *
 * @param valueOf What a voter has reached; a voter not heard from has reached `-Infinity` or 0.
 */
export function quorumValue(
  configuration: Configuration,
  valueOf: (voter: NodeId) => number,
): number {
  const incoming = majorityValue(configuration.voters, valueOf);
  if (configuration.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityValue(configuration.votersOutgoing, valueOf));
}

function majorityValue(voters: readonly NodeId[], valueOf: (voter: NodeId) => number): number {
  // No voters, no decision: an empty configuration must never commit by default.
  if (voters.length === 0) return -Infinity;
  const values = voters.map(valueOf).sort((a, b) => b - a);
  return values[majorityOf(voters.length) - 1] as number;
}

/** How a ballot stands. */
export type Tally = "won" | "lost" | "open";

/**
 * Counts a ballot. Votes are a set of voters, never a counter: a duplicated answer is no second vote.
 */
export function tallyOf(
  configuration: Configuration,
  votes: ReadonlyMap<NodeId, boolean>,
): Tally {
  const granted = quorumValue(configuration, (voter) => votes.get(voter) === true ? 1 : 0);
  if (granted === 1) return "won";
  const possible = quorumValue(configuration, (voter) => votes.get(voter) === false ? 0 : 1);
  return possible === 1 ? "open" : "lost";
}
