/**
 * What a watch asks for, and the messages that it is told, the same through every door.
 *
 * @module
 */

import type { Key, KeyRange, KvEvent } from "@raftkv/core/kv";
import { itemJson, keyJson } from "./answers.ts";
import type { EventFeed } from "./kv_port.ts";

/** What to watch. */
export interface Watch {
  readonly range: KeyRange;
  /** The first revision to tell of; may be still to come. */
  readonly revision: number;
  /** Whether to show what stood there before. */
  readonly prevKv: boolean;
  /** Which kinds of events to tell of. */
  readonly kinds: readonly KvEvent["kind"][];
  /** After how long without an event to send a bookmark. */
  readonly bookmarkMs: number;
}

/**
 * All that one revision changed of what is watched, as one message; null if that is nothing. A
 * revision may change thousands of keys: the message is made a slice at a time, and whoever has it
 * made lets others have a turn after each.
 */
export function* eventsMessage(
  events: readonly KvEvent[],
  of: { readonly revision: number; readonly watch: Watch },
): Generator<void, string | null> {
  let json = "";
  let looked = 0;
  let sliceUnits = 0;
  for (const event of events) {
    for (const part of partsOf(event, of.watch)) {
      json += part === "{" && json !== "" ? ",{" : part;
      sliceUnits += part.length;
      if (sliceUnits < SLICE_UNITS) continue;
      sliceUnits = 0;
      yield;
    }
    if (++looked % SLICE_EVENTS === 0) yield;
  }
  return json === "" ? null : `{"type":"events","revision":${of.revision},"events":[${json}]}`;
}

/**
 * One event, from its brace to its brace, with no two values in one part; nothing if it is not of
 * what is watched.
 */
function* partsOf(event: KvEvent, { range, kinds, prevKv }: Watch): Generator<string> {
  const { kind, before } = event;
  if (!kinds.includes(kind) || !isIn(range, keyOf(event))) return;
  yield "{";
  yield kind === "put"
    ? `"type":"put","kv":${itemJson(event.record, { keysOnly: false })}`
    : `"type":"delete","key":${keyJson(event.key)}`;
  if (prevKv && event.isBeforeCut !== true) {
    yield `,"prevKv":${before === null ? "null" : itemJson(before, { keysOnly: false })}`;
  }
  yield "}";
}

/**
 * Says that everything before `next` has been told; null if the store has not come that far, since of
 * what is to come nothing can be promised.
 */
export function bookmarkAt(events: EventFeed, next: number): string | null {
  const revision = next - 1;
  return revision > events.revision ? null : bookmarkJson(revision);
}

/** Says that everything up to a revision has been told. */
export function bookmarkJson(revision: number): string {
  return `{"type":"bookmark","revision":${revision}}`;
}

/** Says that what was to come next is no longer kept. */
export function compactedAt(compactRevision: number): string {
  return `{"type":"compacted","compactRevision":${compactRevision}}`;
}

/** Whether a range has a key. */
export function isIn({ start, end }: KeyRange, key: Key): boolean {
  return key >= start && (end === null || key < end);
}

/** Which key an event is of. */
export function keyOf(event: KvEvent): Key {
  return event.kind === "put" ? event.record.key : event.key;
}

/** After so many events, or so many characters of text, a slice of a message ends. */
export const SLICE_EVENTS = 256;
const SLICE_UNITS = 65_536;
