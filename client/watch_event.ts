/**
 * What a watch tells.
 *
 * @module
 */

import type { Json, KeyValueJson } from "@raftkv/core/api";
import type { Selection } from "./selection.ts";
import type { Entry } from "./txn_operation.ts";

/** A key got a value. */
export interface PutEvent<T = Json> {
  /** Which kind of event it is. */
  readonly type: "put";
  /** The revision that did it. All events of one revision come one after another. */
  readonly revision: number;
  /** The key and its new value. */
  readonly entry: Entry<T>;
  /** What stood there before, if that was asked for; null if nothing did. */
  readonly prevKv?: Entry<T> | null;
}

/** A key was deleted, or ended with its lease. */
export interface DeleteEvent<T = Json> {
  /** Which kind of event it is. */
  readonly type: "delete";
  /** The revision that did it. */
  readonly revision: number;
  /** The key. */
  readonly key: string;
  /** What stood there before, if that was asked for. */
  readonly prevKv?: Entry<T> | null;
}

/**
 * Everything there is, in place of what was known: the first event of a watch with `initial`, and
 * whenever what was to come next is no longer kept.
 */
export interface ResetEvent<T = Json> {
  /** Which kind of event it is. */
  readonly type: "reset";
  /** The revision of which this is the state. */
  readonly revision: number;
  /** All watched keys, in their order. */
  readonly entries: readonly Entry<T>[];
}

/** All up to a revision has been told. */
export interface BookmarkEvent {
  /** Which kind of event it is. */
  readonly type: "bookmark";
  /** The revision. */
  readonly revision: number;
}

/** One event of a watch. */
export type WatchEvent<T = Json> =
  | PutEvent<T>
  | DeleteEvent<T>
  | ResetEvent<T>
  | BookmarkEvent;

/** What to watch, and how. */
export interface WatchOptions extends Selection {
  /** The one key to watch. Not together with a prefix or bounds. */
  readonly key?: string;
  /** The first revision to tell of; the next one if not given. */
  readonly revision?: number;
  /** Whether to begin with a {@linkcode ResetEvent}, and go on from there without a gap. */
  readonly initial?: boolean;
  /** Whether to tell what stood there before. */
  readonly prevKv?: boolean;
  /** Tell of these events alone. */
  readonly only?: "put" | "delete";
  /** Whether to tell of bookmarks. */
  readonly bookmarks?: boolean;
  /** Ends the watch, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a node says to a watch. */
export type WatchMessage =
  | {
    readonly type: "events";
    readonly revision: number;
    readonly events: readonly WatchMessageEvent[];
  }
  | { readonly type: "bookmark"; readonly revision: number }
  | { readonly type: "compacted"; readonly compactRevision: number };

/** One event within a message. */
export type WatchMessageEvent =
  | { readonly type: "put"; readonly kv: KeyValueJson; readonly prevKv?: KeyValueJson | null }
  | { readonly type: "delete"; readonly key: string; readonly prevKv?: KeyValueJson | null };
