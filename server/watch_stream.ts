/**
 * A watch as a stream: every revision from one on that changed a watched key, each once, in order and
 * whole. Between them bookmarks say how far the store was read.
 *
 * The stream is drawn by its client and keeps its place alone. If what comes next was compacted
 * meanwhile, it says so and ends: there is never a gap without a word. A revision that changed
 * thousands of keys is read, and its message made, in several turns, and then sent as a whole.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { type PlaceNotice, WatchCursor } from "@raftkv/core/kv";
import type { EventFeed } from "./kv_port.ts";
import { bookmarkJson, compactedAt, eventsMessage, type Watch } from "./watch_message.ts";

/** One message of the stream. */
export type WatchMessage =
  /** All that one revision changed. */
  | { readonly type: "events"; readonly revision: number; readonly json: string }
  /** Everything up to this revision has been told. */
  | { readonly type: "bookmark"; readonly revision: number; readonly json: string }
  /** What was to come next is no longer kept; the last message. */
  | { readonly type: "compacted"; readonly revision: number; readonly json: string };

/** How messages are written: as server-sent events, or as lines. */
export type WatchFormat = (message: WatchMessage) => string;

/** Server-sent events; the id of each is the revision from which `Last-Event-ID` goes on. */
export const EVENT_STREAM: WatchFormat = ({ type, revision, json }) => {
  // A client that took this id would ask to go on from where it cannot.
  const id = type === "compacted" ? "" : `id: ${revision}\n`;
  return `event: ${type}\n${id}data: ${json}\n\n`;
};

/** One JSON object a line. */
export const LINES: WatchFormat = ({ json }) => `${json}\n`;

/** The stream of a watch, until its client leaves or the node stops. */
export function watchStream(
  port: { readonly events: EventFeed; readonly isStopping: boolean },
  watch: Watch,
  { format }: { readonly format: WatchFormat },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const { range, kinds, revision } = watch;
  const cursor = new WatchCursor({ ...range, kinds }, revision);
  const left = new AbortController();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // The client learns at once that it is heard, and where from.
      const notice = cursor.bookmark(port.events);
      if (notice !== null) controller.enqueue(encoder.encode(format(wordOf(notice))));
    },
    async pull(controller) {
      while (!left.signal.aborted) {
        const message = await nextMessage(port.events, watch, { cursor, signal: left.signal });
        if (left.signal.aborted) return;
        if (message !== null) controller.enqueue(encoder.encode(format(message)));
        if (port.isStopping || message?.type === "compacted") controller.close();
        if (port.isStopping || message !== null) return;
      }
    },
    cancel() {
      left.abort();
    },
  }, { highWaterMark: 0 });
}

/** Moves the place on; null if there is nothing to say yet. */
async function nextMessage(
  events: EventFeed,
  watch: Watch,
  { cursor, signal }: { readonly cursor: WatchCursor; readonly signal: AbortSignal },
): Promise<WatchMessage | null> {
  if (cursor.next > events.revision) {
    await events.reached(cursor.next, { waitMsMax: watch.bookmarkMs, signal });
    if (cursor.next > events.revision) {
      const bookmark = cursor.bookmark(events);
      return bookmark === null ? null : wordOf(bookmark);
    }
  }
  const notice = cursor.take(events, LOOK_STEPS);
  if (notice === null) await setImmediate();
  if (notice?.kind !== "events") return notice === null ? null : wordOf(notice);
  const { revision } = notice;
  const slices = eventsMessage(notice.events, { revision, watch });
  let made = slices.next();
  for (; made.done !== true && !signal.aborted; made = slices.next()) await setImmediate();
  return made.done === true && made.value !== null
    ? { type: "events", revision, json: made.value }
    : null;
}

/** A message about the place of the watch. */
function wordOf({ kind, revision }: PlaceNotice): WatchMessage {
  return kind === "compacted"
    ? { type: "compacted", revision, json: compactedAt(revision) }
    : { type: "bookmark", revision, json: bookmarkJson(revision) };
}

/** Revisions and keys looked at before other requests get their turn. */
const LOOK_STEPS = 256;
