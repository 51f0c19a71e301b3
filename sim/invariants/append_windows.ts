/**
 * I37, of the network: what is under way is bounded. A leader has no more entries on their way to a
 * follower than the windows say, in messages and in bytes; no append is larger than it may be, unless
 * by a single entry; no message is larger than a frame.
 *
 * @module
 */

import { invariant, LIMITS } from "@raftkv/core";
import {
  type AppendRequest,
  entrySizeBytes,
  type Envelope,
  type LogIndex,
  type Message,
  type NodeId,
  type RaftWindows,
  type Term,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** An append on its way. */
interface Sent {
  readonly term: Term;
  readonly lastIndex: LogIndex;
  readonly bytes: number;
}

/** I37 windows are bounded. */
export class AppendWindows implements Rule {
  readonly #windows: RaftWindows;
  /** By sender, then by receiver: what followed on from one another and was not acknowledged. */
  readonly #underWay = new Map<NodeId, Map<NodeId, readonly Sent[]>>();

  /** Begins with nothing under way. */
  constructor(windows: RaftWindows) {
    this.#windows = windows;
  }

  onSent({ id }: Observed, { to, message }: Envelope): void {
    if (message.type === "snapshot_request") this.#note(id, to, []);
    if (message.type === "append_request") this.#onAppend(id, to, message);
  }

  #onAppend(id: NodeId, to: NodeId, { entries, previous, term }: AppendRequest): void {
    const { appendBytesMax, inFlightBytesMax, inFlightMessagesMax } = this.#windows;
    const bytes = sum(entries.map(entrySizeBytes));
    invariant(
      bytes <= appendBytesMax || entries.length === 1,
      "I37 windows are bounded: an append has no more bytes than it may, or one entry",
      () => ({ id, to, bytes, entries: entries.length }),
    );
    const before = this.#underWay.get(id)?.get(to) ?? [];
    // One that goes back, or says nothing, is a probe: what was on its way is taken for lost.
    const { lastIndex, term: lastTerm } = before.at(-1) ?? {};
    const isNext = entries.length > 0 && lastIndex === previous.index && lastTerm === term;
    const underWay = isNext ? before : [];
    invariant(
      underWay.length < inFlightMessagesMax &&
        sum(underWay.map((each) => each.bytes)) < inFlightBytesMax,
      "I37 windows are bounded: no more is on its way to a follower than the window takes",
      () => ({ id, to, underWay }),
    );
    const last = entries.at(-1);
    const sent = last === undefined ? null : { term, lastIndex: last.index, bytes };
    this.#note(id, to, sent === null ? [] : [...underWay, sent]);
  }

  onReceived({ id }: Observed, from: NodeId, message: Message): void {
    const underWay = this.#underWay.get(id)?.get(from);
    const hasUpTo = arrivedBy(message);
    if (hasUpTo === null || underWay === undefined) return;
    this.#note(id, from, underWay.filter(({ lastIndex }) => lastIndex > hasUpTo));
  }

  onCrashed(id: NodeId): void {
    this.#underWay.delete(id);
  }

  onPosted({ id }: Observed, to: NodeId, { length }: Uint8Array): void {
    invariant(
      length <= LIMITS.messageBytesMax,
      "I37 windows are bounded: a message fits in a frame",
      () => ({ id, to, length }),
    );
  }

  #note(id: NodeId, to: NodeId, underWay: readonly Sent[]): void {
    const windows = this.#underWay.get(id) ?? new Map<NodeId, readonly Sent[]>();
    this.#underWay.set(id, windows.set(to, underWay));
  }
}

/** Up to where a message says that appends have arrived, whether they were taken or not. */
function arrivedBy(message: Message): LogIndex | null {
  if (message.type === "append_accepted") return message.matchIndex;
  return message.type === "append_rejected" ? message.hint.index : null;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
