/**
 * Nobody sees what has not been asked for yet. What stands at a place of the log came there after the
 * request for whatever stands before it, and for itself: so no answer, no read and no watch can tell
 * of it earlier. It holds for requests of unknown outcome, too, and for words without an event, which
 * the order of what was answered says nothing of.
 *
 * @module
 */

import { describeOperation, describeRequest } from "./describe.ts";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import type { JournalEntry } from "./journal.ts";
import { appliedOf, type KvOperation } from "./kv_operation.ts";
import type { Moment } from "./operation.ts";
import type { WatchedMessage, WatchRecord } from "./watch.ts";

/** What the store came to at one place of the log. */
export interface LogPlace {
  /** What stands there. */
  readonly entry: JournalEntry;
  /** The store's revision after it. */
  readonly revision: number;
  /** The first readable revision after it. */
  readonly compactRevision: number;
}

/** A place that cannot have been there before a request was made. */
interface Bound extends LogPlace {
  /** That request: the last that was made among all up to here; null if there is none. */
  readonly request: KvOperation | null;
}

/** Finds what was seen before it was asked for. `places` are those of the whole log, in order. */
export function checkCausality(
  history: readonly KvOperation[],
  places: readonly LogPlace[],
  watches: readonly WatchRecord[],
): Finding[] {
  const bounds = boundsOf(history, places);
  const byIndex = new Map(bounds.map((bound) => [bound.entry.index, bound]));
  const placeSeenBy = (operation: KvOperation): Bound | undefined => {
    const applied = appliedOf(operation);
    if (applied !== null) return byIndex.get(applied.index);
    const { outcome } = operation;
    if (outcome.kind !== "answered" || outcome.answer.kind !== "read") return undefined;
    return firstAt(bounds, "revision", outcome.answer.revision);
  };
  return [
    ...history.flatMap((operation) => {
      const seen = placeSeenBy(operation);
      if (!isEarly(operation.ended, seen)) return [];
      return [{
        rule: HISTORY_RULES.phantom,
        evidence: `An answer ${seenTooEarly(seen)}:\n  answered: ${describeOperation(operation)}`,
        operations: [operation.id],
      }];
    }),
    ...watches.flatMap((watch) => checkMessages(watch, bounds)),
  ];
}

function checkMessages({ messages, name }: WatchRecord, bounds: readonly Bound[]): Finding[] {
  return messages.flatMap((message) => {
    const seen = placeToldIn(message, bounds);
    if (!isEarly(message.at, seen)) return [];
    return [{
      rule: HISTORY_RULES.watch,
      evidence: `Watch ${name}, ${message.kind} ${message.revision}, ${seenTooEarly(seen)}`,
      operations: [],
    }];
  });
}

function placeToldIn({ kind, revision }: WatchedMessage, bounds: readonly Bound[]) {
  return firstAt(bounds, kind === "compacted" ? "compactRevision" : "revision", revision);
}

function boundsOf(history: readonly KvOperation[], places: readonly LogPlace[]): Bound[] {
  const operations = new Map(history.map((operation) => [operation.id, operation]));
  let request: KvOperation | null = null;
  return places.map((place) => {
    const own = operations.get(place.entry.operation ?? NaN);
    if (own !== undefined && own.invoked.order > (request?.invoked.order ?? -Infinity)) {
      request = own;
    }
    return { ...place, request };
  });
}

/** What is there before anything stands in the log. */
const BEGINNING = { revision: 1, compactRevision: 0 } as const;

/** The first place after which a revision is at least so high, if it takes one: both only grow. */
function firstAt(
  bounds: readonly Bound[],
  which: "revision" | "compactRevision",
  least: number,
): Bound | undefined {
  if (least <= BEGINNING[which]) return undefined;
  let [from, to] = [0, bounds.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (bounds[middle]![which] < least) from = middle + 1;
    else to = middle;
  }
  return bounds[from];
}

function isEarly(seenAt: Moment | null, place: Bound | undefined): place is Bound {
  if (seenAt === null || place === undefined || place.request === null) return false;
  return seenAt.order < place.request.invoked.order;
}

function seenTooEarly({ entry, request }: Bound): string {
  const { index, command } = entry;
  const later = request === null || request.id === entry.operation
    ? "it was asked for"
    : `the request for what stands before it was made: ${describeOperation(request)}`;
  return `tells of what stands at ${index} of the log (${
    describeRequest(command)
  }) before ${later}`;
}
