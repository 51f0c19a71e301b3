/**
 * Nodes that claim whatever a test makes them claim, for rules to be broken.
 *
 * @module
 */

import { assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import { DEFAULT_TIMING, type RaftTiming } from "@raftkv/core/raft";
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  Message,
  NodeId,
  NodeStatus,
  Role,
  Term,
  Ticket,
} from "@raftkv/core/raft";
import { type Observed, Observer, type Told } from "@raftkv/sim";
import { encodeMessage } from "@raftkv/core/codec";
import { entries, members, vote, voteRequest } from "./raft_messages.ts";

/** A node that claims whatever a test makes it claim. */
export class Impostor implements Observed {
  readonly id: NodeId;
  incarnation: string;
  configuration: Configuration = members(3);
  configurationIndex = 0;
  stateHash: string | null = null;
  log: Entry[] = [];
  role: Role = "follower";
  /** The claims of its status that are not worked out from its log. */
  claims: Partial<NodeStatus> = {};
  compactedBelow = 0;
  readonly clock = { monotonicMs: 0 };

  constructor(id: string) {
    this.id = id as NodeId;
    this.incarnation = `${id}'s directory`;
  }

  readonly disk = {
    termAt: (index: LogIndex) => this.log[index - 1]?.term ?? (index === 0 ? 0 as Term : null),
    baseIndex: 0 as LogIndex,
    snapshotIndex: 0 as LogIndex,
    isCompacted: (index: LogIndex) => index < this.compactedBelow,
    isLost: (_index: LogIndex) => false,
    isStateLost: false,
    lastIndex: 0 as LogIndex,
    hardState: { term: 3 as Term, votedFor: null } as HardState,
  };

  status(): NodeStatus {
    const zero = 0 as LogIndex;
    return {
      id: this.id,
      role: this.role,
      term: this.disk.hardState.term,
      leaderId: null,
      lastIndex: this.disk.lastIndex,
      commitIndex: zero,
      appliedIndex: zero,
      snapshotIndex: zero,
      revision: 0,
      ...this.claims,
    };
  }
}

/** Tests that the observer takes what is done in a scene for a breach of a rule. */
export function refuses(what: string, rule: string, deed: (scene: Scene) => void): void {
  Deno.test(`the observer refuses ${what}`, () => {
    assertThrows(() => deed(new Scene()), InvariantViolation, rule);
  });
}

/** Three nodes and what they do, as the observer is told it. */
export class Scene {
  readonly nodes = members(3).voters.map((id) => new Impostor(id));
  readonly observer: Observer;
  readonly n1 = this.nodes[0]!;
  readonly n2 = this.nodes[1]!;
  readonly n3 = this.nodes[2]!;

  constructor(timing: RaftTiming = DEFAULT_TIMING) {
    this.observer = new Observer(() => this.nodes, { timing });
  }

  /** One more node. */
  join(id: string): Impostor {
    const node = new Impostor(id);
    this.nodes.push(node);
    return node;
  }

  /** A batch makes these the node's log, each entry of a term. */
  write(node: Impostor, terms: readonly number[]): this {
    return this.writeEntries(node, entries(0, terms));
  }

  writeEntries(node: Impostor, log: readonly Entry[]): this {
    const batch = { ticket: 1 as Ticket, hardState: null, entries: log, repairs: [] };
    this.observer.onPersisting(node, batch);
    node.log = [...log];
    node.disk.lastIndex = log.length as LogIndex;
    this.observer.onPersisted(node, batch);
    return this;
  }

  /** A batch makes this the node's term and vote. */
  keep(node: Impostor, term: number, votedFor: NodeId | null = null): this {
    const hardState = { term: term as Term, votedFor };
    const batch = { ticket: 1 as Ticket, hardState, entries: [], repairs: [] };
    this.observer.onPersisting(node, batch);
    node.disk.hardState = hardState;
    this.observer.onPersisted(node, batch);
    return this;
  }

  send(message: Message, from: Impostor = this.n1, to = "n2"): this {
    this.observer.onSent(from, { to: to as NodeId, message });
    return this;
  }

  receive(node: Impostor, from: Impostor, message: Message): this {
    this.observer.onReceived(node, from.id, message);
    return this;
  }

  /** The node gives its vote to a candidate that asked for it. */
  vote(term: number, from: Impostor = this.n1, to = "n2"): this {
    this.observer.onReceived(from, to as NodeId, voteRequest(term, [Infinity, term]));
    return this.send(vote(term, true), from, to);
  }

  /** The node is told that a link came or went. */
  tell(node: Impostor, input: Told): this {
    this.observer.onTold(node, input);
    return this;
  }

  /** A message leaves a node, and comes to another under some name. */
  carry(message: Message, way: { from: Impostor; to: Impostor; as?: Impostor }): this {
    const { as = way.from, from, to } = way;
    const bytes = encodeMessage(message);
    this.observer.onPosted(from, to.id, bytes);
    this.observer.onDelivered(to, as.id, bytes);
    return this;
  }

  step(node: Impostor, claims: Partial<Record<keyof NodeStatus, unknown>> = {}): this {
    node.claims = { ...node.claims, ...claims } as Partial<NodeStatus>;
    this.observer.onStepped(node);
    return this;
  }

  /** The node votes for the candidate in its present term. */
  voteFor(candidate: Impostor, voter: Impostor): this {
    const { term } = candidate.disk.hardState;
    return this.keep(voter, term, candidate.id).vote(term, voter, candidate.id);
  }

  /** The node leads, with the vote of another. */
  lead(node: Impostor, commitIndex = 0): this {
    const voter = this.nodes.find((each) => each !== node)!;
    if (node.role !== "leader") {
      this.keep(node, node.disk.hardState.term, node.id).voteFor(node, voter);
    }
    node.role = "leader";
    return this.step(node, { commitIndex });
  }

  apply(node: Impostor, entry: Entry): this {
    this.observer.onApplied(node.id, entry);
    this.observer.onCarriedOut(node.id, entry, null);
    return this;
  }

  start(node: Impostor): this {
    this.observer.onStarted(node);
    return this;
  }
}
