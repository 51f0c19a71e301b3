/**
 * How a read of a wished freshness is brought about: at once from what the node has, or by asking the
 * leader, and when what it shows has come far enough.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import type { KvReader } from "@raftkv/core/kv";
import type { ReadMode, ReadMoments } from "@raftkv/core/replica";
import type { CallOptions, EventFeed, Freshness, Settle } from "./kv_port.ts";
import { stateLostFailure } from "./refusals.ts";
import { readSpans, type Served } from "./served.ts";

/** What reads need of their node. */
export interface ReadingNode {
  readonly reader: KvReader;
  readonly events: EventFeed;
  readonly isStopping: () => boolean;
  /** Whether the reader is empty because the state was lost to damage. */
  readonly isStateLost: () => boolean;
  /** The monotonic clock in milliseconds. */
  readonly nowMs: () => number;
  /** Asks the leader up to where to read, and calls back when the node has come there. */
  readonly ask: (mode: ReadMode, options: CallOptions, settle: Settle<ReadMoments>) => void;
}

/** The reads of one node, and what it knows of how old its state is. */
export class FreshReads {
  readonly #node: ReadingNode;
  /**
   * All that was acknowledged before this moment of the monotonic clock is in the state. It moves when
   * a leader has told where to read and the node has come there: a heartbeat would not do, since the
   * one who sent it may have a successor that it does not know of.
   */
  #freshAtMs = -Infinity;

  constructor(node: ReadingNode) {
    this.#node = node;
  }

  /** Calls back when a read may be served, in the turn in which it may. */
  readThen(freshness: Freshness, options: CallOptions, settle: Settle<KvReader>): void {
    const { consistency, maxStalenessMs = Infinity } = freshness;
    const startMs = this.#node.nowMs();
    const isStale = consistency === "stale" && startMs - this.#freshAtMs <= maxStalenessMs;
    // Without a bound, nothing is known of the age, and nothing need be.
    if (isStale || (consistency === "stale" && maxStalenessMs === Infinity)) {
      if (this.#node.isStateLost()) return settle.reject(stateLostFailure());
      const served = () => this.#asStale(options, startMs);
      return this.#whenReached({ freshness, options, startMs }, settle, served);
    }
    const mode = consistency === "lease" ? "lease" : "linearizable";
    this.#node.ask(mode, options, {
      resolve: (moments) => {
        this.#freshAtMs = Math.max(this.#freshAtMs, moments.askedAtMs);
        const served = (): Served => ({
          // A lease read may have been proved by a quorum; what is told is what is so.
          consistency: moments.proof === "lease" ? "lease" : "linearizable",
          ...(options.explain === true
            ? { spans: readSpans(moments, { startMs, endMs: this.#node.nowMs() }) }
            : {}),
        });
        this.#whenReached({ freshness, options, startMs }, settle, served);
      },
      reject: (thrown) => settle.reject(consistency === "stale" ? tooStale(thrown) : thrown),
    });
  }

  #asStale({ explain }: CallOptions, startMs: number): Served {
    const endMs = this.#node.nowMs();
    const stalenessMs = endMs - this.#freshAtMs;
    return {
      consistency: "stale",
      ...(Number.isFinite(stalenessMs) ? { stalenessMs } : {}),
      ...(explain === true ? { spans: [{ name: "total", ms: endMs - startMs }] } : {}),
    };
  }

  #whenReached(
    read: {
      readonly freshness: Freshness;
      readonly options: CallOptions;
      readonly startMs: number;
    },
    settle: Settle<KvReader>,
    served: () => Served,
  ): void {
    const { reader, events, nowMs, isStopping } = this.#node;
    const { minRevision = 0 } = read.freshness;
    if (reader.revision >= minRevision) return settle.resolve(reader, served());
    const waitMsMax = Math.max(0, read.startMs + read.options.timeoutMs - nowMs());
    void events.reached(minRevision, { waitMsMax, signal: NEVER }).then(() => {
      if (reader.revision >= minRevision) return settle.resolve(reader, served());
      if (isStopping()) return settle.reject(new KvFailure("stopping"));
      const { revision } = reader;
      settle.reject(
        new KvFailure("revision_not_reached", `The node has come to revision ${revision}.`),
      );
    });
  }
}

/** What kept the node from asking a leader kept it from knowing its age. */
function tooStale(thrown: unknown): unknown {
  const isUnanswered = thrown instanceof KvFailure &&
    (thrown.code === "no_leader" || thrown.code === "timeout");
  return isUnanswered ? new KvFailure("too_stale") : thrown;
}

const NEVER = new AbortController().signal;
