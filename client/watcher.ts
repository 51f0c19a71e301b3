/**
 * A watch that outlives the nodes it is held at: it goes on at another one where it was, and starts
 * over from a list when what was to come next is no longer kept.
 *
 * @module
 */

import type { Json } from "@raftkv/core/api";
import { KvError } from "./kv_error.ts";
import type { LeaderCache } from "./leader_cache.ts";
import { OUT_OF_TIME, RequestScope } from "./request_scope.ts";
import { backoffMs } from "./retry.ts";
import { selectionFields } from "./selection.ts";
import type { Timers } from "./timers.ts";
import type { Entry } from "./txn_operation.ts";
import type { WatchEvent, WatchMessage, WatchOptions } from "./watch_event.ts";
import { type OpenWatch, WatchBroken, type WatchFields } from "./watch_stream.ts";

/** What a watcher works with. */
export interface WatcherParts {
  readonly open: OpenWatch;
  readonly cache: LeaderCache;
  readonly timers: Timers;
  readonly random: () => number;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** All entries of a selection as of one revision. */
  readonly list: (options: WatchOptions) => Promise<ListedState>;
}

/** The state of a selection. */
export interface ListedState {
  readonly revision: number;
  readonly entries: readonly Entry[];
}

/** A node says something this often, if only that nothing happened. */
const BOOKMARK_MS = 5_000;
/** After this much silence the connection is taken for dead: TCP alone may not notice for hours. */
const SILENCE_MS_MAX = 3 * BOOKMARK_MS;

/** Follows what `options` select, for as long as it is iterated. */
export async function* follow(
  parts: WatcherParts,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { cache, timers, random, closed } = parts;
  const scope = new RequestScope(timers, Infinity, [closed, options.signal]);
  const place: Place = { next: options.revision, isBehind: options.initial === true };
  let [attempts, endpoint]: [number, string | undefined] = [0, undefined];
  try {
    for (;;) {
      if (place.isBehind) {
        const state = await listed(parts, options);
        if (state === null) {
          await scope.sleep(backoffMs(++attempts, random()));
          continue;
        }
        const { revision, entries } = state;
        [place.next, place.isBehind] = [revision + 1, false];
        yield { type: "reset", revision, entries };
      }
      endpoint = cache.choose(timers.nowMs(), { preference: "any", avoid: endpoint });
      try {
        for await (const event of held(parts, { scope, endpoint, place, options })) {
          attempts = 0;
          if (event.type !== "bookmark" || options.bookmarks === true) yield event;
        }
      } catch (error) {
        scope.signal.throwIfAborted();
        if (!(error instanceof WatchBroken)) throw error;
        throwIfFinal(error);
        cache.onSilence(endpoint, timers.nowMs());
      }
      if (!place.isBehind) await scope.sleep(backoffMs(++attempts, random()));
    }
  } finally {
    scope.dispose();
  }
}

/** The state to go on from; null if there is none for now, and it is worth asking again. */
async function listed(parts: WatcherParts, options: WatchOptions): Promise<ListedState | null> {
  try {
    return await parts.list(options);
  } catch (error) {
    // A state of many keys is read in pieces, and may be compacted between two of them.
    const isPassing = error instanceof KvError && (error.retryable || error.code === "compacted");
    if (isPassing) return null;
    throw error;
  }
}

/** Where a watch stands. */
interface Place {
  /** The first revision that was not told; undefined before the first word of a node. */
  next: number | undefined;
  /** Whether what comes next is no longer kept. */
  isBehind: boolean;
}

/** The events of one connection; ends when the node ends it, or has compacted what comes next. */
async function* held(
  { open }: WatcherParts,
  { scope, endpoint, place, options }: {
    readonly scope: RequestScope;
    readonly endpoint: string;
    readonly place: Place;
    readonly options: WatchOptions;
  },
): AsyncGenerator<WatchEvent, void, undefined> {
  const connection = new AbortController();
  const messages = open(endpoint, fieldsOf(options, place), connection.signal);
  try {
    for (;;) {
      const message = await nextOf(messages, scope, connection);
      if (message === null) return;
      switch (message.type) {
        case "events":
          place.next = message.revision + 1;
          yield* eventsOf(message);
          break;
        case "bookmark":
          place.next = message.revision + 1;
          yield message;
          break;
        case "compacted":
          place.isBehind = true;
          return;
      }
    }
  } finally {
    connection.abort();
    await messages.return().catch(() => {});
  }
}

/** The next message; null at the end of the stream. */
async function nextOf(
  messages: AsyncGenerator<WatchMessage, void, undefined>,
  scope: RequestScope,
  connection: AbortController,
): Promise<WatchMessage | null> {
  const next = await scope.limit(SILENCE_MS_MAX, (signal) => {
    signal.addEventListener("abort", () => connection.abort(signal.reason), { once: true });
    return messages.next();
  });
  if (next !== OUT_OF_TIME) return next.done === true ? null : next.value;
  throw new WatchBroken({ kind: "lost", message: `No word within ${SILENCE_MS_MAX} ms` });
}

function* eventsOf(
  { revision, events }: Extract<WatchMessage, { type: "events" }>,
): Generator<WatchEvent> {
  for (const event of events) {
    const prevKv = event.prevKv === undefined ? {} : { prevKv: event.prevKv };
    yield event.type === "put"
      ? { type: "put", revision, entry: event.kv, ...prevKv }
      : { type: "delete", revision, key: event.key, ...prevKv };
  }
}

function fieldsOf(options: WatchOptions, { next }: Place): WatchFields {
  const { key, prevKv, only } = options;
  return {
    ...selectionFields(options),
    ...key === undefined ? {} : { key },
    ...next === undefined ? {} : { revision: `${next}` },
    ...prevKv === true ? { prevKv: "true" } : {},
    ...only === undefined ? {} : { only },
    bookmark: `${BOOKMARK_MS}ms`,
  };
}

/** A watch that no node will take is an error of its caller. */
function throwIfFinal({ failure }: WatchBroken): void {
  if (failure.kind !== "answered" || failure.retryable) return;
  const { code, message, retryable, outcome } = failure;
  throw new KvError(message, { code, retryable, outcome });
}

/** The watched keys as a range, for a list of them. */
export function watchedRange(
  options: WatchOptions,
): { readonly start: string; readonly end: string } | WatchOptions {
  const { key } = options;
  // No key lies between a key and the same with a zero byte behind it.
  return key === undefined ? options : { start: key, end: `${key}\0` };
}

/** An event with its values changed by `change`, in order. */
export async function withValues<T>(
  event: WatchEvent,
  change: (entry: Entry<Json>) => Promise<Entry<T>>,
): Promise<WatchEvent<T>> {
  if (event.type === "bookmark") return event;
  if (event.type === "reset") {
    return { ...event, entries: await Promise.all(event.entries.map(change)) };
  }
  const { prevKv, ...rest } = event;
  const before = prevKv === undefined
    ? {}
    : { prevKv: prevKv === null ? null : await change(prevKv) };
  return rest.type === "put"
    ? { ...rest, entry: await change(rest.entry), ...before }
    : { ...rest, ...before };
}
