/**
 * The client: a typed door to a RaftKV cluster.
 *
 * @module
 */

import type { DeleteAnswer, Json, KeyValueJson, ListAnswer, PutAnswer } from "@raftkv/core/api";
import {
  isCompactAnswer,
  isCountAnswer,
  isDeleteAnswer,
  isDeleteRangeAnswer,
  isGetAnswer,
  isIncrementAnswer,
  isListAnswer,
  isPutAnswer,
  isTxnAnswer,
  type Shape,
} from "./answers.ts";
import { httpExchange } from "./attempt.ts";
import { type Claim, claim, type ClaimOptions, type ClaimStore, firstOf } from "./claim.ts";
import { clusterCalls } from "./cluster_calls.ts";
import { Collection } from "./collection.ts";
import { Discovery } from "./discovery.ts";
import { checkKey } from "./key.ts";
import type { Compacted, Deleted, Elected, Found, Kv, LeaseTime } from "./kv.ts";
import { KvError, orNull } from "./kv_error.ts";
import { LeaderCache } from "./leader_cache.ts";
import type { Lease } from "./lease.ts";
import { Leases } from "./leases.ts";
import type { OperationFields, OperationName } from "./operation.ts";
import {
  conditionFields,
  conditionsOf,
  type ConnectOptions,
  type ElectOptions,
  type LeaseOptions,
  type ListOptions,
  type ListPageOptions,
  type PutOptions,
  readFields,
  type ReadOptions,
  type RemoveOptions,
} from "./options.ts";
import type { RequestOptions } from "./request_options.ts";
import { Requester } from "./requester.ts";
import { type Selection, selectionFields } from "./selection.ts";
import type { StandardSchema } from "./standard_schema.ts";
import { poolOf, type SocketPool } from "./socket_pool.ts";
import { socketWatch } from "./socket_watch.ts";
import { systemTimers, type Timers } from "./timers.ts";
import { Txn } from "./txn.ts";
import {
  type Entry,
  type IncrementBounds,
  incrementFields,
  type IncrementResult,
  incrementResultOf,
  lifetimeFields,
  put as putOperation,
  type PutResult,
} from "./txn_operation.ts";
import { type Value, valueFields } from "./value.ts";
import { follow, type ListedState, watchedRange } from "./watcher.ts";
import type { WatchEvent, WatchOptions } from "./watch_event.ts";
import { httpWatch, type OpenWatch } from "./watch_stream.ts";

const TIMEOUT_MS_DEFAULT = 10_000;
/** Where the queues of locks and elections are kept. */
const LOCKS = "raftkv/locks/";
const ELECTIONS = "raftkv/elections/";

/** The store over the network, or over anything that has the face of `fetch`. */
class KvClient implements Kv {
  declare readonly status: Kv["status"];
  declare readonly leader: Kv["leader"];
  declare readonly members: Kv["members"];
  declare readonly changeMembers: Kv["changeMembers"];
  declare readonly moveLeader: Kv["moveLeader"];
  declare readonly health: Kv["health"];
  readonly #closing = new AbortController();
  readonly #cache: LeaderCache;
  readonly #discovery: Discovery | null;
  readonly #requester: Requester;
  readonly #leases: Leases;
  readonly #openWatch: OpenWatch;
  readonly #pool: SocketPool | null;
  readonly #onClose: (() => Promise<void>) | undefined;
  #ended: Promise<void> | undefined;
  readonly #timers: Timers;
  readonly #timeoutMs: number;
  readonly #random: () => number;

  constructor(options: ConnectOptions) {
    const random = options.random ?? Math.random;
    const timers = options.timers ?? systemTimers;
    const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    const pool = poolOf(options, { timers, fallback: httpExchange(fetch) });
    const exchange = pool?.exchange ?? httpExchange(fetch);
    const closed = this.#closing.signal;
    const cache = new LeaderCache(options.endpoints, random());
    this.#timers = timers;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT;
    this.#random = random;
    this.#pool = pool;
    this.#onClose = options.onClose;
    this.#openWatch = pool === null ? httpWatch(fetch) : socketWatch(pool, httpWatch(fetch));
    this.#cache = cache;
    this.#discovery = options.discover === false
      ? null
      : new Discovery({ exchange, timers, cache, closed });
    this.#requester = new Requester({
      exchange,
      timers,
      random,
      cache,
      closed,
      discovery: this.#discovery,
      timeoutMs: this.#timeoutMs,
    });
    Object.assign(this, clusterCalls(this.#requester));
    this.#leases = new Leases({ requester: this.#requester, timers, closed });
  }

  get endpoints(): readonly string[] {
    return this.#cache.urls;
  }

  async put(key: string, value: Value, options: PutOptions = {}): Promise<PutAnswer> {
    checkKey(key);
    if (value instanceof Uint8Array) return await this.#putBytes(key, value, options);
    return await this.#write("put", isPutAnswer, {
      key,
      ...valueFields(value),
      ...lifetimeFields(options),
      ...conditionFields(options),
    }, options);
  }

  async get<T = Json>(
    key: string,
    options: ReadOptions = {},
  ): Promise<Found<T> | null> {
    checkKey(key);
    const fields = { key, ...readFields(options) };
    const found = await orNull("key_not_found", this.#read("get", isGetAnswer, fields, options));
    return found as Found<T> | null;
  }

  async delete(key: string, options: RemoveOptions = {}): Promise<DeleteAnswer> {
    checkKey(key);
    const fields = { key, ...conditionFields(options) };
    return await this.#write("delete", isDeleteAnswer, fields, options);
  }

  async deleteRange(
    selection: Selection,
    options: RequestOptions = {},
  ): Promise<Deleted> {
    const fields = { ...selectionFields(selection) };
    return await this.#write("deleteRange", isDeleteRangeAnswer, fields, options);
  }

  async increment(
    key: string,
    options: IncrementBounds & RequestOptions = {},
  ): Promise<IncrementResult> {
    const fields = { key, ...incrementFields(options) };
    return incrementResultOf(
      await this.#write("increment", isIncrementAnswer, fields, options),
    );
  }

  async update(
    key: string,
    change: (found: Entry | null) => Value | Promise<Value>,
    options: Omit<PutOptions, "ifRevision"> = {},
  ): Promise<PutAnswer> {
    const endMs = this.#timers.nowMs() + (options.timeoutMs ?? this.#timeoutMs);
    for (;;) {
      const found = await this.get(key, options);
      const value = await change(found);
      try {
        return await this.put(key, value, { ...options, ifRevision: found?.modRevision ?? null });
      } catch (error) {
        const isOvertaken = error instanceof KvError && error.code === "precondition_failed";
        if (!isOvertaken || this.#timers.nowMs() >= endMs) throw error;
      }
    }
  }

  async *list<T = Json>(options: ListOptions = {}): AsyncGenerator<Entry<T>, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.listPage(cursor === undefined ? options : { ...options, cursor });
      yield* page.items as readonly Entry<T>[];
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
  }

  listPage(options: ListPageOptions = {}): Promise<ListAnswer> {
    const { limit, cursor, reverse } = options;
    const order = reverse === true ? "desc" : undefined;
    return this.#read("range", isListAnswer, {
      ...selectionFields(options),
      ...readFields(options),
      ...{ limit, cursor, order },
    }, options);
  }

  async count(options: Selection & ReadOptions = {}): Promise<number> {
    const fields = { ...selectionFields(options), ...readFields(options), countOnly: true };
    return (await this.#read("range", isCountAnswer, fields, options)).count;
  }

  txn(): Txn {
    return new Txn((fields, options) => this.#write("txn", isTxnAnswer, { ...fields }, options), {
      compares: [],
      then: [],
      else: [],
    });
  }

  watch<T = Json>(options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>, void, undefined> {
    return follow({
      open: this.#openWatch,
      cache: this.#cache,
      timers: this.#timers,
      random: this.#random,
      closed: this.#closing.signal,
      list: (watched) => this.#stateOf(watchedRange(watched), requestOf(watched)),
    }, options) as AsyncGenerator<WatchEvent<T>, void, undefined>;
  }

  lease(options: LeaseOptions): Promise<Lease> {
    return this.#leases.grant(options);
  }

  adoptLease(id: string, options: RequestOptions = {}): Promise<Lease> {
    return this.#leases.adopt(id, options);
  }

  leaseTime(id: string, options: ReadOptions = {}): Promise<LeaseTime | null> {
    return this.#leases.time(id, options);
  }

  leases(options: ReadOptions = {}): AsyncGenerator<string, void, undefined> {
    return this.#leases.ids(options);
  }

  lock(name: string, options: ClaimOptions = {}): Promise<Claim> {
    return claim(this.#queue(), queueOf(LOCKS, name), { value: null, options });
  }

  elect(name: string, { value = null, ...options }: ElectOptions = {}): Promise<Claim> {
    return claim(this.#queue(), queueOf(ELECTIONS, name), { value, options });
  }

  async elected<T = Json>(
    name: string,
    options: ReadOptions = {},
  ): Promise<Elected<T> | null> {
    const { entries } = await this.#stateOf({ prefix: queueOf(ELECTIONS, name) }, options);
    const first = firstOf(entries);
    return first === null ? null : { value: first.value as T, token: first.createRevision };
  }

  collection<Input, Output>(
    prefix: string,
    schema: StandardSchema<Input, Output>,
  ): Collection<Input, Output> {
    return new Collection(this, prefix, schema);
  }

  async compact(
    revision: number,
    options: RequestOptions = {},
  ): Promise<Compacted> {
    return await this.#write("compact", isCompactAnswer, { revision }, options);
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException("The client is closed", "AbortError"));
    await Promise.all([this.#discovery?.settled(), this.#pool?.close()]);
    this.#ended ??= this.#onClose?.();
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** No URL carries bytes in JSON: they travel within a transaction. */
  async #putBytes(key: string, value: Uint8Array, options: PutOptions): Promise<PutAnswer> {
    const result = await this.txn()
      .if(...conditionsOf(key, options))
      .then(putOperation(key, value, options))
      .commit(options);
    if (!result.succeeded) throw preconditionFailed(key);
    const [written] = result.results;
    return { key, ...written, revision: result.revision };
  }

  #write<T>(
    op: OperationName,
    shape: Shape<T>,
    fields: OperationFields,
    options: RequestOptions,
  ): Promise<T> {
    return this.#requester.write({ op, fields, shape, prefer: "leader" }, options);
  }

  #read<T>(
    op: OperationName,
    shape: Shape<T>,
    fields: OperationFields,
    options: ReadOptions,
  ): Promise<T> {
    const prefer = options.consistency === "stale" ? "any" : "leader";
    return this.#requester.read({ op, fields, shape, prefer }, options);
  }

  async #stateOf(selection: Selection, options: ReadOptions): Promise<ListedState> {
    const entries: KeyValueJson[] = [];
    let page = await this.listPage({ ...options, ...selectionFields(selection), limit: 1_000 });
    const { revision } = page;
    for (;;) {
      entries.push(...page.items);
      const { cursor } = page;
      if (cursor === null) return { revision, entries };
      page = await this.listPage({
        ...options,
        ...selectionFields(selection),
        cursor,
        limit: 1_000,
      });
    }
  }

  #queue(): ClaimStore {
    return {
      timers: this.#timers,
      random: this.#random,
      grant: (ttl, options) => this.#leases.granted({ ttl, ...options }),
      leaseParts: (id) => this.#leases.partsOf(id),
      put: (key, value, options) => this.put(key, value, options) as Promise<PutResult>,
      entries: (prefix, options) => this.#stateOf({ prefix }, options),
      watch: (options) => this.watch(options),
    };
  }
}

/**
 * Makes a client. Nothing is sent before the first request.
 *
 * @throws {TypeError} if an endpoint is not an http or https URL, or none is given
 */
export function connect(options: ConnectOptions): Kv {
  return new KvClient(options);
}

function requestOf({ signal }: WatchOptions): RequestOptions {
  return signal === undefined ? {} : { signal };
}

/** The prefix of a queue: no name is the beginning of another's. */
function queueOf(kind: string, name: string): string {
  return `${kind}${encodeURIComponent(name)}/`;
}

function preconditionFailed(key: string): KvError {
  return new KvError(`Cannot write "${key}": It is not at the revision asked for`, {
    code: "precondition_failed",
    retryable: false,
    outcome: "not_applied",
  });
}
