/**
 * Watches a simulated cluster from outside, with a memory of its own that no crash erases, and
 * throws as soon as a rule of Raft is broken.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type {
  Entry,
  Envelope,
  LogIndex,
  Message,
  NodeId,
  NodeStatus,
  PersistBatch,
  SnapshotMeta,
  Term,
} from "@raftkv/core/raft";
import { LogRules } from "./log_rules.ts";
import type { Observed } from "./observed.ts";
import { WireRules } from "./wire_rules.ts";

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

/** The rules that hold across nodes and across crashes. */
export class Observer {
  readonly #nodes: () => readonly Observed[];
  readonly #wire = new WireRules();
  readonly #log: LogRules;
  readonly #leaders = new Map<Term, NodeId>();
  readonly #last = new Map<NodeId, NodeStatus>();
  readonly #messages = new Map<Message["type"], number>();
  #rivals = 0;
  #truncations = 0;
  #installs = 0;

  /**
   * Begins with an empty memory.
   *
   * @param nodes Every node there is, members or not.
   */
  constructor(nodes: () => readonly Observed[]) {
    this.#nodes = nodes;
    this.#log = new LogRules(nodes);
  }

  /** What was seen so far. */
  get sightings(): Sightings {
    return {
      leaderships: this.#leaders.size,
      rivals: this.#rivals,
      truncations: this.#truncations,
      inherited: this.#log.inherited,
      installs: this.#installs,
      messages: this.#messages,
    };
  }

  /** A node has taken a step; nothing of what follows from it has left yet. */
  onStepped(node: Observed): void {
    const status = node.status();
    if (status === null) return;
    this.#checkElectionSafety(node, status);
    this.#checkMonotony(status);
    this.#log.onStepped(node, status);
    this.#last.set(node.id, status);
  }

  /** A node sends a message. */
  onSent(node: Observed, envelope: Envelope): void {
    const { type } = envelope.message;
    this.#messages.set(type, (this.#messages.get(type) ?? 0) + 1);
    this.#wire.onSent(node, envelope);
  }

  /** A batch goes to a node's disk: called before it is there. */
  onPersisting(node: Observed, batch: PersistBatch): void {
    const first = batch.entries[0];
    if (first !== undefined && first.index <= node.disk.lastIndex) this.#truncations++;
  }

  /** A batch has reached a node's disk. */
  onPersisted(node: Observed, batch: PersistBatch): void {
    this.#log.onPersisted(node, batch);
  }

  /** A node has saved its state. */
  onSnapshot(node: Observed, meta: SnapshotMeta): void {
    this.#log.onSnapshot(node.id, meta);
  }

  /** A leader's snapshot took the place of a node's log. */
  onInstalled(): void {
    this.#installs++;
  }

  /** A node was stopped: what it had only in memory may go back. */
  onCrashed(id: NodeId): void {
    this.#log.onCrashed(id);
    const last = this.#last.get(id);
    if (last === undefined) return;
    const zero = 0 as LogIndex;
    this.#last.set(id, { ...last, commitIndex: zero, appliedIndex: zero, lastIndex: zero });
  }

  /** A node's state machine takes in an entry. */
  onApplied(id: NodeId, entry: Entry): void {
    // Applying comes before the end of the step that committed it.
    const node = this.#nodes().find((each) => each.id === id);
    if (node !== undefined) this.onStepped(node);
    this.#log.onApplied(id, entry);
  }

  #checkElectionSafety(node: Observed, status: NodeStatus): void {
    if (status.role !== "leader") return;
    const known = this.#leaders.get(status.term);
    invariant(
      known === undefined || known === status.id,
      "election safety: at most one leader in a term",
      () => ({ term: status.term, leaders: [known, status.id] }),
    );
    if (known !== undefined) return;
    this.#leaders.set(status.term, status.id);
    this.#log.onElected(node);
    const leads = (other: Observed) => other.id !== node.id && other.status()?.role === "leader";
    if (this.#nodes().some(leads)) this.#rivals++;
  }

  #checkMonotony(status: NodeStatus): void {
    invariant(
      status.appliedIndex <= status.commitIndex,
      "only committed entries are applied",
      () => status,
    );
    invariant(
      status.commitIndex <= status.lastIndex,
      "the commit index stays inside the log",
      () => status,
    );
    const before = this.#last.get(status.id);
    invariant(
      before === undefined || status.commitIndex >= before.commitIndex,
      "the commit index never goes back while a node runs",
      () => ({ before, status }),
    );
  }
}
