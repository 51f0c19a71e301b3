/**
 * The client: a typed door to a RaftKV cluster over HTTP.
 *
 * @module
 */

import type {
  ClusterStatusAnswer,
  DeleteAnswer,
  GetAnswer,
  HealthAnswer,
  Json,
  KeyValueJson,
  LeaderAnswer,
  ListAnswer,
  PutAnswer,
} from "@raftkv/core/api";
import {
  isClusterStatus,
  isDeleteAnswer,
  isGetAnswer,
  isHealthAnswer,
  isLeaderAnswer,
  isListAnswer,
  isPutAnswer,
} from "./answers.ts";
import type { Fetch } from "./attempt.ts";
import { Discovery } from "./discovery.ts";
import { KvError } from "./kv_error.ts";
import { LeaderCache } from "./leader_cache.ts";
import { Requester, type RequestOptions } from "./requester.ts";
import { systemTimers, type Timers } from "./timers.ts";

/** How to reach a cluster. */
export interface ConnectOptions {
  /**
   * Base URLs of one or more nodes. One is enough while it lives: the others are learnt from it. A
   * node that is down at the start can only be got around if another one is named.
   */
  readonly endpoints: readonly string[];
  /** Milliseconds for a request with all its retries; 10,000 if not given. */
  readonly timeoutMs?: number;
  /**
   * Whether to ask the cluster for its other members; true if not given. Say false where the URLs
   * by which the nodes know each other cannot be reached from here.
   */
  readonly discover?: boolean;
  /** Used instead of the global `fetch`. */
  readonly fetch?: Fetch;
  /** Spreads clients over nodes and retries over time: numbers in [0, 1). */
  readonly random?: () => number;
  /** Clock and timers; the runtime's if not given. */
  readonly timers?: Timers;
}

/** Options of a read. */
export interface ReadOptions extends RequestOptions {
  /**
   * `linearizable` (if not given) sees every write acknowledged before it began; `stale` is answered
   * by whichever node is asked, from what that node knows.
   */
  readonly consistency?: "linearizable" | "stale";
}

/** Options of {@linkcode KvClient.list}. */
export interface ListOptions extends ReadOptions {
  /** Only keys that begin with this text. */
  readonly prefix?: string;
  /** Keys fetched at once, 1 to 1,000; the server's choice if not given. */
  readonly limit?: number;
}

/** Options of {@linkcode KvClient.listPage}. */
export interface ListPageOptions extends ListOptions {
  /** Where the last page ended: its `cursor`. */
  readonly cursor?: string;
}

const TIMEOUT_MS_DEFAULT = 10_000;

/**
 * A client of one cluster. Requests may overlap freely; at most 64 writes are sent at once, the
 * others wait their turn.
 *
 * Every method rejects with {@linkcode KvError} when it fails, with the reason of the caller's
 * signal when the caller ends it, and with a `TypeError` for a value that JSON cannot express.
 * Writes are repeated until their fate is known or the time is over, and take effect at most once.
 */
export class KvClient {
  readonly #closing = new AbortController();
  readonly #cache: LeaderCache;
  readonly #discovery: Discovery | null;
  readonly #requester: Requester;

  /**
   * Makes a client; nothing is sent before the first request.
   *
   * @throws {TypeError} if an endpoint is not an http or https URL, or none is given
   */
  constructor(options: ConnectOptions) {
    const random = options.random ?? Math.random;
    const timers = options.timers ?? systemTimers;
    const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    const closed = this.#closing.signal;
    const cache = new LeaderCache(options.endpoints, random());
    this.#cache = cache;
    this.#discovery = options.discover === false
      ? null
      : new Discovery({ fetch, timers, cache, closed });
    this.#requester = new Requester({
      fetch,
      timers,
      random,
      cache,
      closed,
      discovery: this.#discovery,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS_DEFAULT,
    });
  }

  /** The base URLs known by now: those given, and those learnt. */
  get endpoints(): readonly string[] {
    return this.#cache.urls;
  }

  /** Sets a key to any JSON value. */
  async put(key: string, value: Json, options: RequestOptions = {}): Promise<PutAnswer> {
    return await this.#requester.write({
      http: { method: "PUT", path: pathOf(key), timed: true, body: JSON.stringify({ value }) },
      shape: isPutAnswer,
      prefer: "leader",
    }, options);
  }

  /** Reads a key; null if there is none. */
  async get(key: string, options: ReadOptions = {}): Promise<GetAnswer | null> {
    try {
      return await this.#requester.read({
        http: { method: "GET", path: pathOf(key), timed: true, query: queryOf(options) },
        shape: isGetAnswer,
        prefer: options.consistency === "stale" ? "any" : "leader",
      }, options);
    } catch (error) {
      if (error instanceof KvError && error.code === "key_not_found") return null;
      throw error;
    }
  }

  /** Removes a key; the answer's `deleted` is 0 if there was none. */
  async delete(key: string, options: RequestOptions = {}): Promise<DeleteAnswer> {
    return await this.#requester.write({
      http: { method: "DELETE", path: pathOf(key), timed: true },
      shape: isDeleteAnswer,
      prefer: "leader",
    }, options);
  }

  /**
   * Goes through keys in the order of their bytes, a page at a time. Each page is read when the one
   * before is used up, so keys written meanwhile may or may not be seen.
   */
  async *list(options: ListOptions = {}): AsyncGenerator<KeyValueJson, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.listPage(cursor === undefined ? options : { ...options, cursor });
      yield* page.items;
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Reads one page of keys. */
  listPage(options: ListPageOptions = {}): Promise<ListAnswer> {
    const { prefix, limit, cursor } = options;
    return this.#requester.read({
      http: {
        method: "GET",
        path: "/kv",
        timed: true,
        query: { ...queryOf(options), prefix, cursor, limit: limit?.toString() },
      },
      shape: isListAnswer,
      prefer: options.consistency === "stale" ? "any" : "leader",
    }, options);
  }

  /** What one node knows of all, itself included. */
  status(options: RequestOptions = {}): Promise<ClusterStatusAnswer> {
    return this.#requester.read({
      http: { method: "GET", path: "/cluster/status" },
      shape: isClusterStatus,
      prefer: "any",
    }, options);
  }

  /** Who leads; waits for an election under way. */
  leader(options: RequestOptions = {}): Promise<LeaderAnswer> {
    return this.#requester.read({
      http: { method: "GET", path: "/cluster/leader" },
      shape: isLeaderAnswer,
      prefer: "any",
    }, options);
  }

  /** Whether the first node that answers can serve; a node that cannot is an answer too. */
  health(options: RequestOptions = {}): Promise<HealthAnswer> {
    return this.#requester.read({
      http: { method: "GET", path: "/health", accept: [503] },
      shape: isHealthAnswer,
      prefer: "any",
    }, options);
  }

  /** Ends what is under way, which rejects with an `AbortError`, and every later request. */
  async close(): Promise<void> {
    this.#closing.abort(new DOMException("The client is closed", "AbortError"));
    await this.#discovery?.settled();
  }

  /** The same as {@linkcode KvClient.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Makes a client. Nothing is sent before the first request.
 *
 * @throws {TypeError} if an endpoint is not an http or https URL, or none is given
 */
export function connect(options: ConnectOptions): KvClient {
  return new KvClient(options);
}

function queryOf(options: ReadOptions): Record<string, string | undefined> {
  return { consistency: options.consistency };
}

/**
 * @throws {KvError} for keys that no URL can carry: URL parsers take a segment of one or two dots,
 *   encoded or not, for a step in the path.
 */
function pathOf(key: string): string {
  if (key === "" || key === "." || key === "..") {
    throw invalidKey(`Cannot address key "${key}": A URL has no place for it`);
  }
  if (!key.isWellFormed()) throw invalidKey("Cannot address key: It holds half a surrogate pair");
  return `/kv/${encodeURIComponent(key)}`;
}

function invalidKey(message: string): KvError {
  return new KvError(message, { code: "invalid_key", retryable: false, outcome: "not_applied" });
}
