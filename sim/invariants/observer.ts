/**
 * Watches a simulated cluster from outside, with a memory of its own that no crash erases, and
 * throws as soon as a rule is broken. What each rule says stands in its file.
 *
 * @module
 */

import {
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type Entry,
  type Envelope,
  type LogIndex,
  type Message,
  type NodeId,
  type NodeStatus,
  type PersistBatch,
  type RaftTiming,
  type RaftWindows,
  type SnapshotMeta,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { NodeWitness, Told } from "../witness.ts";
import { AppendWindows } from "./append_windows.ts";
import { ApplyOrder } from "./apply_order.ts";
import { Campaigners } from "./campaigners.ts";
import { CaughtUpVoters } from "./caught_up_voters.ts";
import { CausedTerms } from "./caused_terms.ts";
import { Chronicle } from "./chronicle.ts";
import { CommitQuorum } from "./commit_quorum.ts";
import { CommittedEntries } from "./committed_entries.ts";
import { Configurations } from "./configurations.ts";
import { CountedVotes } from "./counted_votes.ts";
import { DurablePromises } from "./durable_promises.ts";
import { DurableTerms } from "./durable_terms.ts";
import { ElectionSafety } from "./election_safety.ts";
import { EqualStates } from "./equal_states.ts";
import { FollowedTerms } from "./followed_terms.ts";
import { FollowerAnswers } from "./follower_answers.ts";
import { HeldAnswers } from "./held_answers.ts";
import { Identities } from "./identities.ts";
import { KeptEntries } from "./kept_entries.ts";
import { KeptLeaders } from "./kept_leaders.ts";
import { LeaderAppendOnly } from "./leader_append_only.ts";
import { LeaderCompleteness } from "./leader_completeness.ts";
import { LeaderContact } from "./leader_contact.ts";
import { LogMatching } from "./log_matching.ts";
import { LostAppends } from "./lost_appends.ts";
import { LoyalVoters } from "./loyal_voters.ts";
import { MatchIndex } from "./match_index.ts";
import { OneVote } from "./one_vote.ts";
import { OutlivedPromises } from "./outlived_promises.ts";
import { ProgressOrder } from "./progress_order.ts";
import { RefusedVotes } from "./refused_votes.ts";
import { RemovedLeaders } from "./removed_leaders.ts";
import { ResentEntries } from "./resent_entries.ts";
import type { Rule, Sight, Step } from "./rule.ts";
import { Snapshots } from "./snapshots.ts";
import { SplitVotes } from "./split_votes.ts";
import { Strangers } from "./strangers.ts";
import { StuckLeaders } from "./stuck_leaders.ts";
import { UncommittedTails } from "./uncommitted_tails.ts";
import { UpToDateVotes } from "./up_to_date_votes.ts";

/** What was seen, and how often: a run that never saw some of it has tested less than it seems. */
export interface Sightings {
  /** Leaderships, each a node in a term. */
  readonly leaderships: number;
  /** Moments at which a second node came to lead while another still believed that it did. */
  readonly rivals: number;
  /** Batches that replaced entries already on a disk. */
  readonly truncations: number;
  /** Entries committed by a leader of a later term than their own. */
  readonly inherited: number;
  /** Snapshots that took the place of a log. */
  readonly installs: number;
  /** Messages, by type. */
  readonly messages: ReadonlyMap<Message["type"], number>;
}

/** All rules that hold at every moment. */
export class Observer implements NodeWitness {
  readonly #nodes: () => readonly Observed[];
  readonly #chronicle = new Chronicle();
  readonly #hooks: Hooks;
  readonly #last = new Map<NodeId, Sight>();
  readonly #messages = new Map<Message["type"], number>();
  #rivals = 0;
  #truncations = 0;
  #installs = 0;

  /**
   * Begins with an empty memory.
   *
   * @param nodes Every node there is, members or not.
   * @param timing The nodes' timeouts: the defaults of production, if not given.
   * @param windows The nodes' windows: the defaults of production, if not given.
   * @param statesMayDiffer Whether some machines are wrong on purpose, so that I13 is not asked for.
   */
  constructor(
    nodes: () => readonly Observed[],
    { statesMayDiffer = false, timing = DEFAULT_TIMING, windows = DEFAULT_WINDOWS }: {
      readonly statesMayDiffer?: boolean;
      readonly timing?: RaftTiming;
      readonly windows?: RaftWindows;
    } = {},
  ) {
    this.#nodes = nodes;
    const chronicle = this.#chronicle;
    const node = (id: NodeId) => this.#node(id);
    const contact = new LeaderContact(timing);
    const answers = new FollowerAnswers();
    this.#hooks = hooksOf([
      new ElectionSafety(chronicle),
      new OneVote(),
      new DurableTerms(),
      new LeaderAppendOnly(),
      new CommittedEntries(chronicle),
      new LogMatching(chronicle),
      new LeaderCompleteness(chronicle),
      new CommitQuorum(chronicle, nodes),
      new ProgressOrder(),
      new ApplyOrder(chronicle),
      ...statesMayDiffer ? [] : [new EqualStates(node)],
      new UpToDateVotes(),
      answers,
      new MatchIndex(chronicle, answers, node),
      new KeptEntries(),
      new Configurations(chronicle),
      new CaughtUpVoters(answers, timing.electionTimeoutMsMin),
      new CountedVotes(),
      new Campaigners(chronicle),
      new RemovedLeaders(chronicle),
      new Snapshots(chronicle),
      new DurablePromises(),
      new OutlivedPromises(),
      new StuckLeaders(timing.electionTimeoutMsMax),
      contact,
      new LoyalVoters(contact),
      new CausedTerms(contact),
      new KeptLeaders(timing),
      new FollowedTerms(contact),
      new RefusedVotes(contact),
      new SplitVotes(),
      new Identities(),
      new AppendWindows(windows),
      new UncommittedTails(windows.uncommittedBytesMax),
      new HeldAnswers(),
      new ResentEntries(),
      new LostAppends(timing.electionTimeoutMsMin),
      new Strangers(),
    ]);
  }

  /** What was seen so far. */
  get sightings(): Sightings {
    return {
      leaderships: this.#chronicle.leaders.size,
      rivals: this.#rivals,
      truncations: this.#truncations,
      inherited: this.#chronicle.inherited,
      installs: this.#installs,
      messages: this.#messages,
    };
  }

  onStepped(node: Observed): void {
    this.#onSeen(node);
    const status = node.status();
    if (status === null) return;
    for (const rule of this.#hooks.onTurned) rule.onTurned!(node, status);
  }

  #onSeen(node: Observed): void {
    const status = node.status();
    const { configuration, configurationIndex } = node;
    if (status === null || configuration === null || configurationIndex === null) return;
    const before = this.#last.get(node.id) ?? null;
    const isSame = before !== null && before.configurationIndex === configurationIndex &&
      isSameStatus(before.status, status);
    if (isSame) return;
    const now = { status, configuration, configurationIndex };
    const step = { node, now, before };
    for (const rule of this.#hooks.onStepped) rule.onStepped!(step);
    if (status.role === "leader") this.#onLeads(step);
    if (status.commitIndex > this.#chronicle.committedIndex) this.#onCommitting(step);
    for (const rule of this.#hooks.onCommitted) rule.onCommitted!(step);
    this.#last.set(node.id, now);
  }

  onSent(node: Observed, envelope: Envelope): void {
    const { type } = envelope.message;
    this.#messages.set(type, (this.#messages.get(type) ?? 0) + 1);
    for (const rule of this.#hooks.onSent) rule.onSent!(node, envelope);
  }

  onPosted(node: Observed, to: NodeId, bytes: Uint8Array): void {
    for (const rule of this.#hooks.onPosted) rule.onPosted!(node, to, bytes);
  }

  onReleased(node: Observed, envelopes: readonly Envelope[]): void {
    for (const rule of this.#hooks.onReleased) rule.onReleased!(node, envelopes);
  }

  onDelivered(node: Observed, from: NodeId, bytes: Uint8Array): void {
    for (const rule of this.#hooks.onDelivered) rule.onDelivered!(node, from, bytes);
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    for (const rule of this.#hooks.onReceived) rule.onReceived!(node, from, message);
  }

  onTold(node: Observed, input: Told): void {
    for (const rule of this.#hooks.onTold) rule.onTold!(node, input);
  }

  onWriting(node: Observed, batch: PersistBatch): void {
    for (const rule of this.#hooks.onWriting) rule.onWriting!(node, batch);
  }

  onPersisting(node: Observed, batch: PersistBatch): void {
    const first = batch.entries[0];
    if (first !== undefined && first.index <= node.disk.lastIndex) this.#truncations++;
    for (const rule of this.#hooks.onPersisting) rule.onPersisting!(node, batch);
  }

  onPersisted(node: Observed, batch: PersistBatch): void {
    for (const rule of this.#hooks.onPersisted) rule.onPersisted!(node, batch);
  }

  onSnapshot(node: Observed, meta: SnapshotMeta): void {
    for (const rule of this.#hooks.onSnapshot) rule.onSnapshot!(node, meta);
  }

  onInstalled(node: Observed, meta: SnapshotMeta): void {
    this.#installs++;
    for (const rule of this.#hooks.onInstalled) rule.onInstalled!(node, meta);
  }

  onApplied(id: NodeId, entry: Entry): void {
    // Applying comes before the end of the step that committed it.
    const node = this.#node(id);
    if (node !== undefined && entry.index > this.#chronicle.committedIndex) this.#onSeen(node);
    for (const rule of this.#hooks.onApplied) rule.onApplied!(id, entry);
  }

  onCarriedOut(id: NodeId, entry: Entry, result: unknown): void {
    for (const rule of this.#hooks.onCarriedOut) rule.onCarriedOut!(id, entry, result);
  }

  /** What a node had only in memory may go back. */
  onCrashed(id: NodeId): void {
    this.#last.delete(id);
    for (const rule of this.#hooks.onCrashed) rule.onCrashed!(id);
  }

  onStarted(node: Observed): void {
    for (const rule of this.#hooks.onStarted) rule.onStarted!(node);
  }

  #onLeads(step: Step): void {
    const { id, term } = step.now.status;
    if (this.#chronicle.leaders.has(term)) return;
    this.#chronicle.leaders.set(term, id);
    const leads = (other: Observed) => other.id !== id && other.status()?.role === "leader";
    if (this.#nodes().some(leads)) this.#rivals++;
    for (const rule of this.#hooks.onElected) rule.onElected!(step);
  }

  #onCommitting(step: Step): void {
    const first = (this.#chronicle.committedIndex + 1) as LogIndex;
    const commit = { ...step, first, last: step.now.status.commitIndex };
    for (const rule of this.#hooks.onCommitting) rule.onCommitting!(commit);
  }

  #node(id: NodeId): Observed | undefined {
    return this.#nodes().find((node) => node.id === id);
  }
}

/** The rules that look at each kind of moment. */
type Hooks = { readonly [Moment in keyof Rule]-?: readonly Rule[] };

function hooksOf(rules: readonly Rule[]): Hooks {
  const looking = (moment: keyof Rule) => rules.filter((rule) => rule[moment] !== undefined);
  return {
    onTurned: looking("onTurned"),
    onStepped: looking("onStepped"),
    onElected: looking("onElected"),
    onCommitting: looking("onCommitting"),
    onCommitted: looking("onCommitted"),
    onSent: looking("onSent"),
    onPosted: looking("onPosted"),
    onReleased: looking("onReleased"),
    onDelivered: looking("onDelivered"),
    onReceived: looking("onReceived"),
    onTold: looking("onTold"),
    onWriting: looking("onWriting"),
    onPersisting: looking("onPersisting"),
    onPersisted: looking("onPersisted"),
    onSnapshot: looking("onSnapshot"),
    onInstalled: looking("onInstalled"),
    onApplied: looking("onApplied"),
    onCarriedOut: looking("onCarriedOut"),
    onCrashed: looking("onCrashed"),
    onStarted: looking("onStarted"),
  };
}

function isSameStatus(a: NodeStatus, b: NodeStatus): boolean {
  return a.term === b.term && a.role === b.role && a.commitIndex === b.commitIndex &&
    a.appliedIndex === b.appliedIndex && a.lastIndex === b.lastIndex &&
    a.snapshotIndex === b.snapshotIndex && a.revision === b.revision;
}
