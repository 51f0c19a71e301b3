/**
 * Notes what comes about inside a cluster: the corners of the protocol that a batch of runs must have
 * been in before it says anything.
 *
 * @module
 */

import {
  type Configuration,
  type Entry,
  type Envelope,
  isJoint,
  type LogIndex,
  type Message,
  type NodeId,
  type PersistBatch,
  type SnapshotMeta,
} from "@raftkv/core/raft";
import { StoreFailedError } from "@raftkv/storage";
import { FileStorage } from "../file_storage.ts";
import type { Observed } from "../observed.ts";
import type { DiskEvent, Witness } from "../witness.ts";
import type { World } from "./fault.ts";
import type { Marks } from "./marks.ts";

/** Everything that a batch of runs must come to, whatever its workload. */
export const WORLD_MARKS = [
  "two leaders at a time",
  "an older term's entry was committed with one of the leader's own",
  "two entries or more were cut off",
  "entries were cut off across segments",
  "a log was cut right behind a snapshot",
  "a snapshot was installed several snapshots behind",
  "a snapshot with a joint configuration was installed",
  "a leader was removed",
  "a learner began to vote",
  "an election was won in a joint configuration",
  "a vote was refused to an older log",
  "a pre-vote was refused because a leader was heard",
  "a follower's read was sent away",
  "a command was forwarded",
  "an append was refused",
  "the leadership was handed over",
  "a node was made to campaign while its leader lived",
  "an election out of the blue was won",
  "a coup came off",
  "a snapshot was taken out of turn",
  "a leader that could not commit took no more",
  "all nodes started anew before they were healed",
  "a torn tail was cut",
  "lost entries came back from peers",
  "a bit turned over in blank room",
  "a disk was full and had room again",
  "a failing disk ended a node",
  "a new node took the place of a lost one",
  "a leader stood still for longer than an election timeout",
  "a corrupted frame was dropped",
  "a stranger was refused: wrong_cluster",
  "a stranger was refused: wrong_node",
  "a stranger was refused: not_a_member",
  "a stranger was refused: other_incarnation",
  "a stranger was refused: bad_proof",
] as const;

/** The name of a mark of the cluster. */
export type WorldMark = typeof WORLD_MARKS[number];

interface Before {
  readonly isLeader: boolean;
  readonly configuration: Configuration;
}

/** A witness that only counts. */
export class MarkWatch implements Partial<Witness> {
  readonly #world: World;
  readonly #marks: Marks;
  readonly #before = new Map<NodeId, Before>();
  readonly #applied = new Map<NodeId, LogIndex>();
  /** What each node was last asked for, if there is but one reason to refuse it. */
  readonly #asked = new Map<NodeId, { readonly from: NodeId; readonly refused: WorldMark }>();
  /** What each node has saved. */
  readonly #snapshots = new Map<NodeId, Set<LogIndex>>();

  /** Begins to watch a world. */
  constructor(world: World, marks: Marks) {
    this.#world = world;
    this.#marks = marks;
  }

  /** A node has taken a step. */
  onStepped({ id }: Observed): void {
    const { isLeader, configuration } = this.#world.node(id);
    const before = this.#before.get(id);
    // Most steps change neither.
    if (before?.isLeader === isLeader && before.configuration === configuration) return;
    if (configuration === null) return;
    this.#before.set(id, { isLeader, configuration });
    if (isLeader && before?.isLeader !== true) this.#onElected(id, configuration);
    const votes = configuration.voters.includes(id);
    if (isLeader && before?.configuration.voters.includes(id) === true && !votes) {
      this.#hit("a leader was removed");
    }
    if (before?.configuration.learners.includes(id) === true && votes) {
      this.#hit("a learner began to vote");
    }
  }

  #onElected(id: NodeId, configuration: Configuration): void {
    if (isJoint(configuration)) this.#hit("an election was won in a joint configuration");
    if (this.#world.nodes.some((other) => other.id !== id && other.isLeader)) {
      this.#hit("two leaders at a time");
    }
  }

  /** A node's state machine takes in an entry. */
  onApplied(id: NodeId, { index }: Entry): void {
    this.#applied.set(id, index);
  }

  /** A node sends a message. */
  onSent({ id }: Observed, { to, message }: Envelope): void {
    switch (message.type) {
      case "vote_response":
      case "pre_vote_response": {
        const asked = this.#asked.get(id);
        if (asked?.from === to && !message.granted) this.#hit(asked.refused);
        return;
      }
      case "append_rejected":
        return this.#hit("an append was refused");
      case "forward_request":
        return this.#hit("a command was forwarded");
      case "timeout_now":
        return this.#hit("the leadership was handed over");
      case "forward_response":
        if (message.end.kind === "failed" && message.end.reason === "overloaded") {
          this.#hit("a leader that could not commit took no more");
        }
        return;
      case "read_index_response":
        if (message.granted === null) this.#hit("a follower's read was sent away");
        return;
      default:
    }
  }

  /** A message has come to a node. */
  onReceived(node: Observed, from: NodeId, message: Message): void {
    if (message.type !== "vote_request" && message.type !== "pre_vote_request") return;
    this.#asked.delete(node.id);
    const status = node.status();
    if (status === null || message.term <= status.term) return;
    const ownTerm = node.disk.termAt(node.disk.lastIndex) ?? 0;
    const { term, index } = message.last;
    const isOlder = term < ownTerm || (term === ownTerm && index < node.disk.lastIndex);
    if (message.type === "vote_request" && isOlder) {
      this.#asked.set(node.id, { from, refused: "a vote was refused to an older log" });
    }
    // A log that the disk does not hold yet could be another reason.
    const isSaved = status.lastIndex === node.disk.lastIndex;
    if (message.type === "pre_vote_request" && !isOlder && isSaved) {
      const refused = "a pre-vote was refused because a leader was heard";
      this.#asked.set(node.id, { from, refused });
    }
  }

  /** A batch goes to a node's disk. */
  onPersisting(node: Observed, { entries, repairs }: PersistBatch): void {
    if (repairs.length > 0) this.#hit("lost entries came back from peers");
    const first = entries[0]?.index;
    if (first === undefined || first > node.disk.lastIndex) return;
    if (first < node.disk.lastIndex) this.#hit("two entries or more were cut off");
    if (first === (node.status()?.snapshotIndex ?? 0) + 1 && first > 1) {
      this.#hit("a log was cut right behind a snapshot");
    }
    const { storage } = this.#world.node(node.id);
    if (storage instanceof FileStorage && first < storage.files.newestSegmentBegan) {
      this.#hit("entries were cut off across segments");
    }
  }

  /** A node has saved its state. */
  onSnapshot({ id }: Observed, { last }: SnapshotMeta): void {
    const saved = this.#snapshots.get(id) ?? new Set<LogIndex>();
    this.#snapshots.set(id, saved.add(last.index));
  }

  /** A leader's snapshot took the place of a node's log. */
  onInstalled(node: Observed, { last, configuration }: SnapshotMeta): void {
    if (isJoint(configuration)) this.#hit("a snapshot with a joint configuration was installed");
    const had = this.#applied.get(node.id) ?? 0;
    // It came from one that has it, and had saved others since what the node has.
    const isSeveralBehind = [...this.#snapshots.values()].some((saved) => {
      return saved.has(last.index) && [...saved].some((at) => at > had && at < last.index);
    });
    if (isSeveralBehind) this.#hit("a snapshot was installed several snapshots behind");
  }

  /** A node has ended. */
  onCrashed(id: NodeId): void {
    this.#before.delete(id);
    this.#applied.delete(id);
    this.#asked.delete(id);
  }

  /** Something happened to a node's files. */
  onDiskEvent(_id: NodeId, event: DiskEvent): void {
    if (event === "torn_tail_cut") this.#hit("a torn tail was cut");
    else this.#hit("a disk was full and had room again");
  }

  /** A link dropped a frame. */
  onFrameDropped(): void {
    this.#hit("a corrupted frame was dropped");
  }

  /** The run is over. */
  onEnd(): void {
    const { observer, halted } = this.#world;
    if (observer.sightings.inherited > 0) {
      this.#hit("an older term's entry was committed with one of the leader's own");
    }
    if (halted.some(({ error }) => error instanceof StoreFailedError)) {
      this.#hit("a failing disk ended a node");
    }
  }

  #hit(mark: WorldMark): void {
    this.#marks.hit(mark);
  }
}
