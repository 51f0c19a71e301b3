/**
 * What can be watched.
 *
 * @module
 */

import { CompactedFailure, KvFailure } from "@raftkv/core/api";
import { keyAfter, type KeyRange } from "@raftkv/core/kv";
import type { KvPort } from "../kv_port.ts";
import type { Watch } from "../watch_message.ts";
import { choice, duration, flag, integer, key, timeout, TIMEOUT_MS_DEFAULT } from "./fields.ts";
import type { Ask } from "./ask.ts";
import { RANGE, rangeOf } from "./keys.ts";
import { form } from "./operation.ts";

/** Follows keys; each door shows what it is told in its own way. */
export const watch = form({
  name: "watch",
  summary: "Tells of every revision that changed a watched key: in order, each once, and whole.",
  query: {
    key: key.optional().meta({ description: "The one key to watch." }),
    ...RANGE,
    revision: integer(1).optional().meta({
      description: "The first revision to tell of; the next one if not given.",
    }),
    prevKv: flag.optional().meta({ description: "Whether to show what stood there before." }),
    only: choice(["put", "delete"]).optional().meta({ description: "Tell of these events alone." }),
    bookmark: duration.optional().meta({
      description: "After how long without an event to send a bookmark; 10 s if not given.",
    }),
    timeout,
  },
  failures: ["invalid_key", "compacted"],
});

/** Ends a watch. */
export const cancel = form({
  name: "cancel",
  summary: "Ends a watch of the same socket.",
  body: { watch: integer(0).meta({ description: "The id of the message that asked for it." }) },
});

/** What a watch is asked for by. */
export type WatchRequest = ReturnType<typeof watch.parse>;

/**
 * The watch that is asked for, once it is known from which revision it tells.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function watchAsk(port: KvPort, request: WatchRequest): Ask<Watch> {
  const { revision, prevKv = false, only, bookmark: bookmarkMs = BOOKMARK_MS } = request;
  const kinds = only === undefined ? ["put", "delete"] as const : [only];
  const range = watchedRange(request);
  const from = (asked: number): Watch => {
    const { compactRevision } = port.events;
    if (asked <= compactRevision) throw new CompactedFailure(compactRevision);
    return { range, revision: asked, prevKv, kinds, bookmarkMs };
  };
  if (revision !== undefined) return { kind: "node", answer: () => from(revision) };
  // Whoever asks for what comes from now on must not be shown less than was acknowledged before.
  const { timeout: timeoutMs = TIMEOUT_MS_DEFAULT } = request;
  const answer = (reader: { readonly revision: number }) => from(reader.revision + 1);
  return { kind: "read", freshness: { consistency: "linearizable" }, timeoutMs, answer };
}

function watchedRange(request: WatchRequest): KeyRange {
  const { key, prefix, start, end } = request;
  if (key === undefined) return rangeOf(request);
  if (prefix === undefined && start === undefined && end === undefined) {
    return { start: key, end: keyAfter(key) };
  }
  throw new KvFailure("invalid_argument", "A watch is of a key, a prefix, or start and end.");
}

/** Often enough that no proxy takes the connection for dead. */
const BOOKMARK_MS = 10_000;
