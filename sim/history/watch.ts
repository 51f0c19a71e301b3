/**
 * What watches must tell: every revision from the asked-for one on that changed a watched key, each
 * once, in order and whole, with what stood there before; between them bookmarks that never pass an
 * event; and a plain word, not a gap, where the past was compacted.
 *
 * @module
 */

import type { KeyRange, KvEvent } from "@raftkv/core/kv";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import { isSame, isWithin } from "./kv_operation.ts";
import type { Moment } from "./operation.ts";
import type { ReferenceChange, ReferenceStore } from "./reference_store.ts";

/** One watch, over all connections and nodes on which its client followed it. */
export interface WatchRecord extends KeyRange {
  /** Names it. */
  readonly name: string;
  /** The first revision asked for. */
  readonly revision: number;
  /** Which kinds of events. */
  readonly kinds: readonly KvEvent["kind"][];
  /** All it was told, in the order of arrival. */
  readonly messages: readonly WatchedMessage[];
  /** The revision it must have come to by its last message; null if it was broken off. */
  readonly endRevision: number | null;
}

/** One message of a watch. */
export type WatchedMessage =
  & {
    /** When it came. */
    readonly at: Moment;
    /** The node that sent it. */
    readonly node: string;
    /** The revision it speaks of. */
    readonly revision: number;
  }
  & (
    | {
      /** All that the revision changed. */
      readonly kind: "events";
      /** In the order of the keys. */
      readonly events: readonly KvEvent[];
    }
    | {
      /**
       * `bookmark`: everything up to the revision has been told. `compacted`: the past up to it is
       * gone; the client went on from there.
       */
      readonly kind: "bookmark" | "compacted";
    }
  );

/** Finds what a watch was not told, or told wrongly. */
export function checkWatch(watch: WatchRecord, store: ReferenceStore): Finding[] {
  let next = watch.revision;
  for (const [place, message] of watch.messages.entries()) {
    const fault = faultOf(message, { watch, store, next });
    if (fault !== null) return [findingOf(watch, { fault, place })];
    next = Math.max(next, message.revision + 1);
  }
  const { endRevision } = watch;
  if (endRevision === null || next > endRevision) return [];
  const missed = firstChange(watch, store, { from: next, through: endRevision });
  if (missed === null) return [];
  const fault = `revision ${missed} changed a watched key and was never told`;
  return [findingOf(watch, { fault, place: watch.messages.length })];
}

/** Every revision that a watch has seen, for the order of real time. */
export function sightingsOf({ messages }: WatchRecord): { at: Moment; revision: number }[] {
  return messages.filter(({ kind }) => kind === "events")
    .map(({ at, revision }) => ({ at, revision }));
}

interface Place {
  readonly watch: WatchRecord;
  readonly store: ReferenceStore;
  /** The first revision not yet told. */
  readonly next: number;
}

function faultOf(message: WatchedMessage, { watch, store, next }: Place): string | null {
  const { kind, revision } = message;
  if (revision > store.revision) return `it speaks of revision ${revision}, which never was`;
  if (kind === "compacted") {
    if (revision < next) return `${next} was called compacted, and the past ends at ${revision}`;
    return revision > store.compactRevision
      ? `${revision} was called compacted, and was not`
      : null;
  }
  if (revision < (kind === "events" ? next : next - 1)) {
    return `revision ${revision} comes behind ${next - 1}`;
  }
  const through = kind === "events" ? revision - 1 : revision;
  const missed = firstChange(watch, store, { from: next, through });
  if (missed !== null) return `revision ${missed} was passed over by ${kind} of ${revision}`;
  if (message.kind !== "events") return null;
  const expected = changesAt(watch, store, revision).map(eventOf);
  return isSame(expected, message.events)
    ? null
    : `revision ${revision} was told as ${show(message.events)}, and was ${show(expected)}`;
}

function changesAt(watch: WatchRecord, store: ReferenceStore, revision: number) {
  return (store.changes.get(revision) ?? []).filter((change) =>
    isWithin(watch, change.key) && watch.kinds.includes(eventOf(change).kind)
  );
}

function firstChange(
  watch: WatchRecord,
  store: ReferenceStore,
  { from, through }: { readonly from: number; readonly through: number },
): number | null {
  for (let revision = from; revision <= through; revision++) {
    if (changesAt(watch, store, revision).length > 0) return revision;
  }
  return null;
}

function eventOf({ key, record, before }: ReferenceChange): KvEvent {
  if (record !== null) return { kind: "put", record, before };
  return { kind: "delete", key, before: before! };
}

function findingOf(
  watch: WatchRecord,
  { fault, place }: { readonly fault: string; readonly place: number },
): Finding {
  const told = watch.messages.slice(Math.max(0, place - SHOWN_MESSAGES), place + 1);
  return {
    rule: HISTORY_RULES.watch,
    evidence: [
      `Watch ${watch.name} from revision ${watch.revision}: ${fault}`,
      ...told.map(({ kind, revision, node, at }) =>
        `  ${Math.round(at.timeMs)} ms, ${node}: ${kind} ${revision}`
      ),
    ].join("\n"),
    operations: [],
  };
}

function show(events: readonly KvEvent[]): string {
  return `[${
    events.map((event) => {
      if (event.kind === "delete") return `delete ${JSON.stringify(event.key)}`;
      const { key, version } = event.record;
      return `put ${JSON.stringify(key)} version ${version} after ${event.before?.version ?? 0}`;
    }).join(", ")
  }]`;
}

const SHOWN_MESSAGES = 8;
