/**
 * The leader's side of a membership change (thesis §4): propose it, see it through both halves, make
 * learners voters once they have caught up, and give way if it does not belong to the result.
 *
 * @module
 */

import { encodeConfiguration } from "../codec/configuration_codec.ts";
import { type Configuration, isJoint } from "./configuration.ts";
import type { LogPosition, NodeId } from "./ids.ts";
import { appendOwn, followMembers, knowsCommitIndex, sendHeartbeat } from "./leader.ts";
import {
  leaveJoint,
  type MembershipChange,
  type MembershipRefusal,
  nextConfiguration,
  promotionOf,
  withIncarnations,
} from "./membership.ts";
import type { Progress } from "./progress.ts";
import { majorityOf } from "./quorum.ts";
import { becomeFollower } from "./roles.ts";
import { hasAnsweredLately, type LeaderState, type NodeState } from "./state.ts";

/** How a membership change was received. */
export type ChangeResult =
  | { readonly kind: "appended"; readonly position: LogPosition }
  | {
    readonly kind: "refused";
    readonly reason: MembershipRefusal | "not_leader" | "handing_over";
  };

/** Entries that a learner may lack and still count as caught up: it closes such a gap in no time. */
const CAUGHT_UP_ENTRIES = 1_000;

/**
 * Proposes a change of the membership.
 *
 * @param options `expectedIndex` is the index of the configuration that the caller has seen, or null
 *   if any will do.
 */
export function proposeChange<Token>(
  state: NodeState<Token>,
  change: MembershipChange,
  options: { readonly expectedIndex: number | null },
): ChangeResult {
  const { role } = state;
  if (role.kind !== "leader") return { kind: "refused", reason: "not_leader" };
  if (role.transfer !== null) return { kind: "refused", reason: "handing_over" };
  const { index, configuration } = state.configurations.latest;
  // Before an entry of its own term is committed, a leader cannot know whether the configuration it
  // sees is; two changes by two leaders could then leave majorities that do not meet.
  if (index > state.commitIndex || !knowsCommitIndex(state)) {
    return { kind: "refused", reason: "change_in_progress" };
  }
  if (options.expectedIndex !== null && options.expectedIndex !== index) {
    return { kind: "refused", reason: "configuration_changed" };
  }
  const next = nextConfiguration(configuration, change, {
    hasCaughtUp: (id) => hasCaughtUp(state, role.progress.get(id)),
  });
  if (typeof next === "string") return { kind: "refused", reason: next };
  if (isJoint(next) && !canDecide(state, role, next)) {
    return { kind: "refused", reason: "voters_unreachable" };
  }
  // Nobody is to vote whose directory is not known: what comes back without it could vote again.
  const acquainted = withIncarnations(next, state.incarnations) ?? next;
  return { kind: "appended", position: appendConfiguration(state, role, acquainted) };
}

/** Takes the next step of a change, if the last one is committed. */
export function advanceChange<Token>(state: NodeState<Token>): void {
  const { role } = state;
  if (role.kind !== "leader") return;
  const { index, configuration } = state.configurations.latest;
  if (index > state.commitIndex || !knowsCommitIndex(state)) return;
  if (isJoint(configuration)) {
    appendConfiguration(state, role, leaveJoint(configuration));
    return;
  }
  forgetRemoved(state, role);
  if (!configuration.voters.includes(state.id)) {
    giveWay(state, role);
    return;
  }
  if (role.transfer !== null) return;
  const acquainted = withIncarnations(configuration, state.incarnations);
  if (acquainted !== null) {
    appendConfiguration(state, role, acquainted);
    return;
  }
  const ready = configuration.candidates.find(({ id }) =>
    hasCaughtUp(state, role.progress.get(id))
  );
  if (ready !== undefined) {
    proposeChange(state, promotionOf(ready), { expectedIndex: null });
  }
}

function appendConfiguration<Token>(
  state: NodeState<Token>,
  leader: LeaderState<Token>,
  configuration: Configuration,
): LogPosition {
  const payload = encodeConfiguration(configuration);
  const { index, term } = appendOwn(state, { leader, kind: "configuration", payload });
  followMembers(state, leader);
  return { index, term };
}

/** Whether a majority of the voters to be has answered lately. */
function canDecide(
  state: NodeState<unknown>,
  leader: LeaderState<unknown>,
  { voters }: Configuration,
): boolean {
  const answered = voters.filter((id) => {
    if (id === state.id) return true;
    const progress = leader.progress.get(id);
    return progress !== undefined && hasAnsweredLately(state, progress);
  });
  return answered.length >= majorityOf(voters.length);
}

function hasCaughtUp(state: NodeState<unknown>, progress: Progress | undefined): boolean {
  if (progress === undefined || progress.feed.kind !== "replicate") return false;
  return hasAnsweredLately(state, progress) &&
    state.log.lastIndex - progress.matchIndex <= CAUGHT_UP_ENTRIES;
}

/** Tells those who have left that they have, as far as they can be told, and then speaks no more. */
function forgetRemoved(state: NodeState<unknown>, leader: LeaderState<unknown>): void {
  const stays = new Set<NodeId>(state.configuration.members.map((member) => member.id));
  for (const [id, progress] of leader.progress) {
    if (stays.has(id)) continue;
    sendHeartbeat(state, leader, progress);
    leader.progress.delete(id);
  }
}

/** A leader that is no voter any more leads only until its removal is committed (thesis §4.2.2). */
function giveWay<Token>(state: NodeState<Token>, leader: LeaderState<Token>): void {
  const [heir] = [...leader.progress.values()]
    .filter(({ id }) => state.configuration.voters.includes(id))
    .sort((a, b) => b.matchIndex - a.matchIndex);
  if (heir !== undefined) {
    sendHeartbeat(state, leader, heir);
    state.outbox.send(heir.id, { type: "timeout_now", term: state.term });
  }
  becomeFollower(state, state.term, null);
}
