/**
 * I17, of candidates: only who has a vote asks for others', in the configuration that it knows to be
 * committed or in one that stands after it in its log. One that the newest leaves out may be the only
 * one that holds it, and must then lead until it is committed (thesis §4.2.2).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import { decodeConfiguration } from "@raftkv/core/codec";
import type {
  Configuration,
  Entry,
  Envelope,
  LogIndex,
  Message,
  NodeId,
  NodeStatus,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Chronicle } from "./chronicle.ts";
import { hasVote } from "./configurations.ts";
import type { Rule, Step } from "./rule.ts";

/** A configuration and where it stands. */
interface Placed {
  readonly index: number;
  readonly configuration: Configuration;
}

/** What a running node has shown at the end of its last two steps. */
interface Known {
  /** The commit index before the last of them: whoever campaigned in it knew that at least. */
  committed: LogIndex;
  last: NodeStatus;
}

/** I17 only voters count, nor do others campaign. */
export class Campaigners implements Rule {
  readonly #chronicle: Chronicle;
  /** What the cluster began with. */
  #first: Configuration | null = null;
  /** What may stand in each running node's log, though it may have been cut since. */
  readonly #held = new Map<NodeId, Placed[]>();
  readonly #known = new Map<NodeId, Known>();

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  onStarted({ configuration, disk, id }: Observed): void {
    this.#first ??= configuration;
    const entries: Entry[] = [];
    for (let index = disk.baseIndex + 1; index <= disk.lastIndex; index++) {
      const term = disk.termAt(index as LogIndex);
      const written = term === null ? undefined : this.#chronicle.written(index as LogIndex, term);
      if (written !== undefined) entries.push(written.entry);
    }
    this.#held.set(id, []);
    this.#note(id, entries);
  }

  onReceived({ id }: Observed, _from: NodeId, message: Message): void {
    if (message.type === "append_request") this.#note(id, message.entries);
  }

  onStepped({ node: { id }, now: { configuration, configurationIndex }, before }: Step): void {
    if (before?.configurationIndex === configurationIndex) return;
    this.#held.get(id)?.push({ index: configurationIndex, configuration });
  }

  onTurned(node: Observed, status: NodeStatus): void {
    const known = this.#known.get(node.id);
    if (known === undefined) {
      this.#known.set(node.id, { committed: status.commitIndex, last: status });
      return;
    }
    const { last } = known;
    known.committed = last.commitIndex;
    known.last = status;
    if (status.role === "candidate" && status.term > last.term) this.#demandVote(node);
  }

  onSent(node: Observed, { message }: Envelope): void {
    // It leaves at the end of the step in which the node began to ask.
    if (message.type === "pre_vote_request") this.#demandVote(node);
  }

  onCrashed(id: NodeId): void {
    this.#held.delete(id);
    this.#known.delete(id);
  }

  #note(id: NodeId, entries: readonly Entry[]): void {
    for (const { index, kind, payload } of entries) {
      if (kind !== "configuration") continue;
      this.#held.get(id)?.push({ index, configuration: decodeConfiguration(payload) });
    }
  }

  #demandVote({ configuration, id }: Observed): void {
    const { committed, last } = this.#known.get(id) ?? {};
    if (committed === undefined || configuration === null) return;
    const later = (this.#held.get(id) ?? []).filter(({ index }) => index > committed);
    const inForce = this.#chronicle.configurationAt(committed) ?? this.#first;
    const all = [
      inForce ?? configuration,
      ...later.map((each) => each.configuration),
      configuration,
    ];
    invariant(
      all.some((each) => hasVote(each, id)),
      "I17 only voters count: only who has a vote campaigns",
      () => ({ status: last, committed, inForce: configuration }),
    );
  }
}
