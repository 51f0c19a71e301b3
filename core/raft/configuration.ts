/**
 * Who belongs to the cluster, and whose vote counts (§6).
 *
 * @module
 */

import type { NodeId } from "./ids.ts";

/** One node of the cluster. */
export interface Member {
  /** Its id, unique in the cluster and never reused. */
  readonly id: NodeId;
  /** The base URL under which peers and clients reach it, without a trailing slash. */
  readonly url: string;
  /**
   * Names the life of the member's data directory, once the cluster has met it: whoever comes under
   * the same id with another directory has forgotten what it voted for and acknowledged.
   */
  readonly incarnation?: string;
}

/** The membership that is in force: the last one in the log, committed or not (§4.1 of the thesis). */
export interface Configuration {
  /** Everyone, voters and learners, in order of their ids. */
  readonly members: readonly Member[];
  /** Whose votes and acknowledgements count. */
  readonly voters: readonly NodeId[];
  /** The voters of the old configuration while two are joint (thesis §4.3), else empty. */
  readonly votersOutgoing: readonly NodeId[];
  /** Members that receive the log but have no vote. */
  readonly learners: readonly NodeId[];
  /** Learners that are to vote as soon as they have caught up, in order of their ids. */
  readonly candidates: readonly VoterCandidate[];
}

/** A learner that is to become a voter. */
export interface VoterCandidate {
  /** The learner. */
  readonly id: NodeId;
  /** The voter that leaves in the same change, or null. */
  readonly replaces: NodeId | null;
}

/** The configuration in which each of `members` votes. */
export function configurationOf(members: readonly Member[]): Configuration {
  const sorted = [...members].sort((a, b) => a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  return {
    members: sorted,
    voters: sorted.map((member) => member.id),
    votersOutgoing: [],
    learners: [],
    candidates: [],
  };
}

/** Whether two configurations are in force together. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.votersOutgoing.length > 0;
}

/** Whether `id` has a vote in either half of the configuration. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
}
