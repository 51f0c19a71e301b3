/**
 * Changes of the membership by joint consensus (thesis §4.3): any set of members in one change, with
 * both majorities needed while the old and the new voters overlap.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { type Configuration, isJoint, type Member, type VoterCandidate } from "./configuration.ts";
import type { NodeId } from "./ids.ts";

/** A node that is to join. It begins as a learner, so that it never slows down a commit. */
export interface NewMember extends Member {
  /** Whether it is to vote as soon as it has caught up. */
  readonly votes: boolean;
  /** The voter that leaves when it begins to vote, or null. */
  readonly replaces: NodeId | null;
}

/** What is to change; all of it at once, or nothing. */
export interface MembershipChange {
  /** Nodes that join. */
  readonly add: readonly NewMember[];
  /** Members that leave, with or without a vote. */
  readonly remove: readonly NodeId[];
  /** Learners that begin to vote; they must have caught up. */
  readonly promote: readonly NodeId[];
  /** Members that are now reached under another URL. */
  readonly move: readonly Member[];
}

/**
 * Why a change is refused: nothing was proposed. `change_in_progress`: another one is not finished,
 * or the leader has not committed in its term yet. `configuration_changed`: the caller's picture of
 * the membership is out of date. `already_member`: the id or the URL is that of a member.
 * `not_caught_up`: a member that was to vote lags behind. `voters_unreachable`: too few of the voters
 * to be answer the leader, so that the change could begin but not end, and nothing be written meanwhile.
 */
export type MembershipRefusal =
  | "change_in_progress"
  | "configuration_changed"
  | "already_member"
  | "unknown_member"
  | "not_a_learner"
  | "not_caught_up"
  | "no_voter_left"
  | "nothing_to_change"
  | "voters_unreachable";

/**
 * The configuration that a change leads to: joint if the voters change, else final at once.
 *
 * @param options `hasCaughtUp` tells whether a learner holds nearly all of the log.
 */
export function nextConfiguration(
  current: Configuration,
  change: MembershipChange,
  options: { readonly hasCaughtUp: (learner: NodeId) => boolean },
): Configuration | MembershipRefusal {
  const refusal = refusalOf(current, change, options.hasCaughtUp);
  if (refusal !== null) return refusal;
  const leaves = (id: NodeId) => change.remove.includes(id);
  const voters = sorted([...current.voters.filter((id) => !leaves(id)), ...change.promote]);
  if (voters.length === 0) return "no_voter_left";
  const learners = sorted([
    ...current.learners.filter((id) => !leaves(id) && !change.promote.includes(id)),
    ...change.add.map((member) => member.id),
  ]);
  const isSameVote = voters.join() === current.voters.join();
  const votersOutgoing = isSameVote ? [] : current.voters;
  const known = new Set([...voters, ...votersOutgoing, ...learners]);
  const members = [...current.members, ...change.add.map(({ id, url }) => ({ id, url }))]
    .filter((member) => known.has(member.id))
    .map((member) => {
      const moved = change.move.find(({ id }) => id === member.id);
      return moved === undefined ? member : { ...member, url: moved.url };
    })
    .sort((a, b) => a.id < b.id ? -1 : 1);
  const candidates = candidatesAfter(current, change).filter(({ id }) => learners.includes(id));
  return checked({ members, voters, votersOutgoing, learners, candidates });
}

/** The configuration that follows a joint one: the old voters are gone. */
export function leaveJoint(joint: Configuration): Configuration {
  invariant(isJoint(joint), "only a joint configuration is left");
  const stays = (id: NodeId) => joint.voters.includes(id) || joint.learners.includes(id);
  return checked({
    ...joint,
    members: joint.members.filter((member) => stays(member.id)),
    votersOutgoing: [],
  });
}

/** The change that makes a candidate a voter, in the place of the one it replaces. */
export function promotionOf({ id, replaces }: VoterCandidate): MembershipChange {
  return { add: [], remove: replaces === null ? [] : [replaces], promote: [id], move: [] };
}

/**
 * The configuration in which members that were met bear their incarnations; null if it says no more
 * than `current`. An incarnation that is known is never replaced.
 */
export function withIncarnations(
  current: Configuration,
  met: ReadonlyMap<NodeId, string>,
): Configuration | null {
  const isNews = (member: Member) => member.incarnation === undefined && met.has(member.id);
  if (!current.members.some(isNews)) return null;
  const members = current.members.map((member) => {
    const incarnation = met.get(member.id);
    return incarnation === undefined || !isNews(member) ? member : { ...member, incarnation };
  });
  return { ...current, members };
}

function refusalOf(
  current: Configuration,
  { add, remove, promote, move }: MembershipChange,
  hasCaughtUp: (learner: NodeId) => boolean,
): MembershipRefusal | null {
  const isMember = (id: NodeId) => current.members.some((member) => member.id === id);
  if (isJoint(current)) return "change_in_progress";
  const moved = move.filter(({ id, url }) =>
    !current.members.some((member) => member.id === id && member.url === url)
  );
  if (add.length + remove.length + promote.length + moved.length === 0) return "nothing_to_change";
  if (new Set(add.map((member) => member.id)).size < add.length) return "already_member";
  if (add.some(({ id }) => isMember(id))) return "already_member";
  if (isUrlTaken(current, { add, remove, promote, move })) return "already_member";
  if (add.some(({ replaces }) => replaces !== null && !current.voters.includes(replaces))) {
    return "unknown_member";
  }
  if (![...remove, ...promote, ...move.map(({ id }) => id)].every(isMember)) {
    return "unknown_member";
  }
  if (!promote.every((id) => current.learners.includes(id) && !remove.includes(id))) {
    return "not_a_learner";
  }
  return promote.every(hasCaughtUp) ? null : "not_caught_up";
}

/**
 * Whether two members would be reached under one URL. Only who comes in another's place may come to
 * its address: a machine that lost its disk returns as a new node.
 */
function isUrlTaken({ members }: Configuration, { add, remove, move }: MembershipChange): boolean {
  const moved = new Map(move.map(({ id, url }) => [id, url]));
  const staying = members.filter(({ id }) => !remove.includes(id))
    .map(({ id, url }) => ({ id, url: moved.get(id) ?? url }));
  const isTaken = (url: string, except: NodeId | null) =>
    staying.some((member) => member.url === url && member.id !== except);
  return new Set(add.map(({ url }) => url)).size < add.length ||
    add.some(({ url, replaces }) => isTaken(url, replaces)) ||
    move.some(({ id, url }) => isTaken(url, id));
}

function candidatesAfter(current: Configuration, change: MembershipChange): VoterCandidate[] {
  const added = change.add.filter(({ votes, replaces }) => votes || replaces !== null);
  return [...current.candidates, ...added.map(({ id, replaces }) => ({ id, replaces }))]
    .map(({ id, replaces }) => ({
      id,
      // Whoever was to be replaced may have left by another change meanwhile.
      replaces: replaces !== null && change.remove.includes(replaces) ? null : replaces,
    }))
    .sort((a, b) => a.id < b.id ? -1 : 1);
}

function sorted(ids: readonly NodeId[]): NodeId[] {
  return [...new Set(ids)].sort();
}

/** What holds for every configuration, on the way in and on the way out. */
function checked(configuration: Configuration): Configuration {
  const { members, voters, votersOutgoing, learners, candidates } = configuration;
  const ids = new Set(members.map((member) => member.id));
  invariant(ids.size === members.length, "each member is named once", () => configuration);
  invariant(voters.length > 0, "somebody votes", () => configuration);
  invariant(
    [...voters, ...votersOutgoing, ...learners].every((id) => ids.has(id)),
    "a role belongs to a member",
    () => configuration,
  );
  invariant(
    !learners.some((id) => voters.includes(id)),
    "a learner has no vote",
    () => configuration,
  );
  invariant(
    candidates.every(({ id }) => learners.includes(id)),
    "only a learner waits to vote",
    () => configuration,
  );
  return configuration;
}
