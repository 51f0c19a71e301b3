/**
 * What a leader knows of one follower and how much it may send it: probe one message at a time
 * until a common position is found, then replicate with a window, or send a snapshot if the
 * follower needs entries that are gone.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { INDEX_ZERO, indexAfter, indexMax, indexMin, type LogIndex, type NodeId } from "./ids.ts";
import type { RaftWindows } from "./options.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/** How a follower is being fed. */
export type Feed =
  | {
    readonly kind: "probe";
    /** A probe is under way; nothing more is sent before its answer or the next heartbeat's. */
    awaiting: boolean;
    /** When it left. */
    sentAtMs: number;
    /** The position was asked about before: entries that were sent with it may still be on their way. */
    isRepeated: boolean;
  }
  | { readonly kind: "replicate" }
  | {
    readonly kind: "snapshot";
    readonly meta: SnapshotMeta;
    /** First byte that the follower does not have yet. */
    offsetBytes: number;
    /** Since when a chunk has been read or sent without an answer; null if none is. */
    awaitingSinceMs: number | null;
    /** How often this chunk has been asked of storage. */
    attempts: number;
  };

const UNSENT_PROBE = { kind: "probe", awaiting: false, sentAtMs: 0, isRepeated: false } as const;

interface InFlight {
  readonly lastIndex: LogIndex;
  readonly bytes: number;
  readonly sentAtMs: number;
}

/** One follower in the eyes of its leader. Invariant: matchIndex < nextIndex. */
export class Progress {
  readonly id: NodeId;
  /** Highest index known to be durable there and equal to ours. */
  matchIndex: LogIndex = INDEX_ZERO;
  /** First index not yet sent. */
  nextIndex: LogIndex;
  feed: Feed = { ...UNSENT_PROBE };
  /** When it last answered anything in this term. */
  lastContactMs: number;
  /** The newest read round it has answered. */
  ackedRound = 0;
  /** It gives its vote to nobody before this moment, by the leader's clock. */
  withholdsUntilMs = -Infinity;
  /**
   * It lost the state before its log, and waits for a snapshot that reaches this index, since the newest
   * one does not; 0 if it waits for none.
   */
  neededSnapshotIndex: LogIndex = INDEX_ZERO;
  /** The commit index it was last told. */
  toldCommit: LogIndex = INDEX_ZERO;
  readonly #windows: RaftWindows;
  #inFlight: InFlight[] = [];
  #inFlightBytes = 0;
  /** When an acknowledgement last moved anything. */
  #advancedAtMs = -Infinity;

  /** @param nextIndex Where to begin probing: right after the leader's last entry. */
  constructor(
    id: NodeId,
    options: {
      readonly nextIndex: LogIndex;
      readonly nowMs: number;
      readonly windows: RaftWindows;
    },
  ) {
    this.id = id;
    this.nextIndex = options.nextIndex;
    this.lastContactMs = options.nowMs;
    this.#windows = options.windows;
  }

  /** Up to here it needs no entries: it has them, or the snapshot that it is being sent has. */
  get coveredIndex(): LogIndex {
    return this.feed.kind === "snapshot"
      ? indexMax(this.matchIndex, this.feed.meta.last.index)
      : this.matchIndex;
  }

  /** Whether another append may go out now. */
  maySend(): boolean {
    switch (this.feed.kind) {
      case "probe":
        return !this.feed.awaiting;
      case "replicate":
        return this.#inFlight.length < this.#windows.inFlightMessagesMax &&
          this.#inFlightBytes < this.#windows.inFlightBytesMax;
      case "snapshot":
        return false;
    }
  }

  /** Notes that an append with entries up to `lastIndex` has left. */
  onSent(
    lastIndex: LogIndex,
    sent: { readonly bytes: number; readonly nowMs: number },
  ): void {
    if (this.feed.kind === "probe") {
      this.feed.awaiting = true;
      this.feed.sentAtMs = sent.nowMs;
      return;
    }
    invariant(this.feed.kind === "replicate", "no appends while a snapshot is sent");
    this.#inFlight.push({ lastIndex, bytes: sent.bytes, sentAtMs: sent.nowMs });
    this.#inFlightBytes += sent.bytes;
    this.nextIndex = indexAfter(lastIndex);
  }

  /**
   * Whether the oldest unanswered append left before `sinceMs` and nothing was acknowledged since: it,
   * or its answer, was lost. A full window on a slow link is old, but moves.
   */
  isStuck(sinceMs: number): boolean {
    const oldest = this.#inFlight[0];
    return oldest !== undefined && Math.max(oldest.sentAtMs, this.#advancedAtMs) < sinceMs;
  }

  /** Takes an acknowledgement; returns whether the match index moved. */
  maybeAdvance(matchIndex: LogIndex, nowMs: number): boolean {
    while (this.#inFlight.length > 0 && (this.#inFlight[0] as InFlight).lastIndex <= matchIndex) {
      this.#inFlightBytes -= (this.#inFlight.shift() as InFlight).bytes;
      this.#advancedAtMs = nowMs;
    }
    const moved = matchIndex > this.matchIndex;
    // Whoever has lost its state acknowledges nothing.
    if (moved) this.neededSnapshotIndex = INDEX_ZERO;
    this.matchIndex = indexMax(this.matchIndex, matchIndex);
    this.nextIndex = indexMax(this.nextIndex, indexAfter(this.matchIndex));
    return moved;
  }

  /** It has lost what it acknowledged beyond `index`. To count less of it is always safe. */
  forgetBeyond(index: LogIndex): void {
    this.matchIndex = indexMin(this.matchIndex, index);
  }

  /** Goes back to one message at a time, from `nextIndex` on. */
  becomeProbe(nextIndex: LogIndex): void {
    this.feed = { ...UNSENT_PROBE };
    this.nextIndex = indexMax(nextIndex, indexAfter(this.matchIndex));
    this.#clearWindow();
  }

  /** Asks about the same position once more. */
  repeatProbe(): void {
    this.feed = { ...UNSENT_PROBE, isRepeated: true };
  }

  /** A common position is known: from here on entries are sent without waiting. */
  becomeReplicate(): void {
    this.feed = { kind: "replicate" };
    this.nextIndex = indexAfter(this.matchIndex);
    this.#clearWindow();
  }

  /** The entries it needs are gone: it gets `meta`'s snapshot, from its first byte. */
  becomeSnapshot(meta: SnapshotMeta): void {
    this.feed = { kind: "snapshot", meta, offsetBytes: 0, awaitingSinceMs: null, attempts: 0 };
    this.neededSnapshotIndex = INDEX_ZERO;
    this.#clearWindow();
  }

  /** Everything it holds, as plain data. */
  toJSON(): object {
    return {
      ...this,
      windows: this.#windows,
      inFlight: this.#inFlight,
      inFlightBytes: this.#inFlightBytes,
    };
  }

  #clearWindow(): void {
    this.#inFlight = [];
    this.#inFlightBytes = 0;
  }
}
