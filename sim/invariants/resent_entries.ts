/**
 * I47: a late answer moves nothing. A leader sends a follower again what it has sent, or asks again
 * where their logs agree, only in a step in which it had cause: the follower took or refused something
 * beyond what it had acknowledged, or answered a heartbeat; the link came or went; a snapshot that was
 * being sent is installed, or gone. And never what was acknowledged, unless to a damaged disk (§5.3).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import {
  type AppendRequest,
  type Envelope,
  isReplicaMessage,
  type LogIndex,
  type Message,
  type NodeId,
  type NodeStatus,
  type RaftMessage,
  type Term,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import type { Rule, Step } from "./rule.ts";

/** What a follower was sent in a term, and what it said to that. */
interface Feed {
  /** The last append; null if it was none yet. */
  last: { readonly after: LogIndex; readonly end: LogIndex } | null;
  /** Whether its leader has certainly nothing else on its way than that append, and awaits an answer. */
  isProbed: boolean;
  /** Whether a snapshot was sent last. */
  isSnapshot: boolean;
  /** The leader counts at least this for acknowledged. */
  acknowledged: LogIndex;
  /** What has come since the leader's last step that lets it go back. */
  cause: "none" | "accepted" | "other";
  /** What had come by then. */
  due: "none" | "accepted" | "other";
}

/** A leadership. */
interface Led {
  readonly term: Term;
  readonly feeds: Map<NodeId, Feed>;
}

/** I47 late answers move nothing. */
export class ResentEntries implements Rule {
  readonly #led = new Map<NodeId, Led>();

  onReceived({ id }: Observed, from: NodeId, message: Message): void {
    const led = this.#led.get(id);
    if (led === undefined || isReplicaMessage(message) || message.term !== led.term) return;
    const feed = led.feeds.get(from);
    if (feed !== undefined) onAnswer(feed, message);
  }

  onTold({ id }: Observed, input: Told): void {
    const feeds = this.#led.get(id)?.feeds;
    if (feeds === undefined) return;
    if (input.kind === "peer_up" || input.kind === "peer_down") {
      const feed = feeds.get(input.peer);
      if (feed?.isSnapshot === false) feed.cause = "other";
    } else if (input.kind === "chunk_read" && input.chunk === null) {
      const feed = feeds.get(input.to);
      if (feed !== undefined) feed.cause = "other";
    }
  }

  /** Whoever joins again is no longer who it was. */
  onStepped({ node, now, before }: Step): void {
    if (before === null || now.configurationIndex === before.configurationIndex) return;
    const known = new Set(before.configuration.members.map(({ id }) => id));
    for (const { id } of now.configuration.members) {
      if (!known.has(id)) this.#led.get(node.id)?.feeds.delete(id);
    }
  }

  onTurned({ id }: Observed, { role, term }: NodeStatus): void {
    const led = this.#led.get(id);
    if (led === undefined) return;
    if (role !== "leader" || term !== led.term) this.#led.delete(id);
    for (const feed of led.feeds.values()) {
      feed.due = feed.cause;
      feed.cause = "none";
    }
  }

  onCrashed(id: NodeId): void {
    this.#led.delete(id);
  }

  onSent({ id }: Observed, { to, message }: Envelope): void {
    if (message.type !== "snapshot_request" && message.type !== "append_request") return;
    const led = this.#ledBy(id, message.term);
    const feed = led.feeds.get(to) ?? newFeed();
    led.feeds.set(to, feed);
    if (message.type === "snapshot_request") feed.isSnapshot = true;
    else onAppend(message, { feed, id, to });
  }

  #ledBy(id: NodeId, term: Term): Led {
    const known = this.#led.get(id);
    if (known?.term === term) return known;
    const led = { term, feeds: new Map<NodeId, Feed>() };
    this.#led.set(id, led);
    return led;
  }
}

function onAppend(
  { entries, previous, term }: AppendRequest,
  { feed, ...between }: {
    readonly feed: Feed;
    readonly id: NodeId;
    readonly to: NodeId;
  },
): void {
  const { acknowledged, due, last } = feed;
  const detail = () => ({ ...between, term, previous, entries: entries.length, ...feed });
  invariant(
    previous.index >= acknowledged,
    "I47 late answers move nothing: what was acknowledged is not sent again",
    detail,
  );
  const goesOn = last === null || (entries.length > 0 && previous.index >= last.end);
  invariant(
    goesOn || due !== "none",
    "I47 late answers move nothing: nothing is sent again without cause",
    detail,
  );
  if (!goesOn) feed.isProbed = due === "other";
  feed.isSnapshot = false;
  feed.last = { after: previous.index, end: entries.at(-1)?.index ?? previous.index };
}

function newFeed(): Feed {
  return {
    last: null,
    isProbed: false,
    isSnapshot: false,
    acknowledged: 0 as LogIndex,
    cause: "none",
    due: "none",
  };
}

function onAnswer(feed: Feed, message: RaftMessage): void {
  switch (message.type) {
    case "append_accepted":
      if (message.matchIndex > feed.acknowledged) feed.acknowledged = message.matchIndex;
      if (feed.isSnapshot && feed.cause === "none") return;
      feed.isProbed = false;
      feed.cause = "accepted";
      return;
    case "append_rejected": {
      const { hint, isDamaged, rejectedIndex } = message;
      const isFresh = rejectedIndex === feed.last?.after ||
        (!feed.isProbed && rejectedIndex > feed.acknowledged);
      if (isDamaged && hint.index < feed.acknowledged) feed.acknowledged = hint.index;
      if (isFresh && !feed.isSnapshot && feed.cause === "none") feed.cause = "other";
      return;
    }
    case "heartbeat_response":
      if (!feed.isSnapshot && feed.cause === "none") feed.cause = "other";
      return;
    case "snapshot_response":
      if (message.installed) feed.cause = "other";
      return;
    default:
  }
}
