/**
 * Clients that write all at once, and a book of what was acknowledged to them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { connect, type Fetch, type KeyValueJson, type Kv } from "@raftkv/client";

/** How much is written. */
export interface LoadOptions {
  readonly urls: readonly string[];
  /** Begins the keys of this load: no other may use it. */
  readonly prefix: string;
  readonly clients: number;
  /** Writes of all clients together; a multiple of their number. */
  readonly writes: number;
  /** How long a client tries; an attempt at one node gets a third of it. */
  readonly timeoutMs?: number;
}

/** Of so many writes of a client one goes to a key it has written before. */
const REPEAT_EVERY = 8;
/** Longer than any election: who gives up earlier has been let down. */
const TIMEOUT_MS_DEFAULT = 60_000;

/** Writes under way, each client one at a time. */
export class Load implements AsyncDisposable {
  /** Each key as its last acknowledged write left it. */
  readonly book: Map<string, KeyValueJson> = new Map();
  /** Resolves once every write was acknowledged; rejects if one failed. */
  readonly finished: Promise<void>;
  readonly #stop = new AbortController();
  readonly #writers: readonly Promise<void>[];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  #acknowledged = 0;
  #lastMs = performance.now();
  #gapMsMax = 0;

  constructor(options: LoadOptions) {
    const clients = Array.from({ length: options.clients }, (_, index) => index);
    this.#writers = clients.map((index) => this.#write(index, options));
    this.finished = Promise.all(this.#writers).then(() => {});
  }

  /** The longest time in which not one write of any client was acknowledged. */
  get gapMsMax(): number {
    return this.#gapMsMax;
  }

  /** Resolves once so many writes are acknowledged; rejects if the load ends before. */
  async acknowledged(count: number): Promise<void> {
    const reached = new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    await Promise.race([reached, this.finished]);
    assertEquals(
      this.#acknowledged >= count,
      true,
      `only ${this.#acknowledged} of ${count} writes`,
    );
  }

  /** Ends what is left of it, if it failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#writers);
  }

  async #write(index: number, options: LoadOptions): Promise<void> {
    await using client = clientOf(index, options);
    const { prefix, clients, writes } = options;
    const { signal } = this.#stop;
    for (let number = 0; number < writes / clients; number++) {
      const isRepeat = number % REPEAT_EVERY === 0;
      const key = `${prefix}/${index}/${isRepeat ? "again" : number}`;
      const value = `${number} by ${index}`;
      const { createRevision, modRevision, version } = await client.put(key, value, { signal });
      // A write that took effect twice, or that forgot an acknowledged one before it, shows here.
      const before = this.book.get(key);
      assertEquals(version, (before?.version ?? 0) + 1, key);
      assertEquals(createRevision, before?.createRevision ?? modRevision, key);
      this.book.set(key, { key, value, createRevision, modRevision, version });
      this.#note();
    }
  }

  #note(): void {
    const nowMs = performance.now();
    this.#gapMsMax = Math.max(this.#gapMsMax, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#acknowledged += 1;
    for (const { count, resolve } of this.#waiting) if (this.#acknowledged >= count) resolve();
  }
}

/**
 * Every client begins at another node. Half of them learn who leads and write there; the others are
 * kept from learning it, so that their writes are forwarded by the node they happen to ask.
 */
function clientOf(index: number, { urls, timeoutMs }: LoadOptions): Kv {
  const home = index % urls.length;
  const options = {
    endpoints: [...urls.slice(home), ...urls.slice(0, home)],
    random: firstThen(0, Math.random),
    timeoutMs: timeoutMs ?? TIMEOUT_MS_DEFAULT,
  };
  const isForwarded = index % 2 === 1;
  return connect({
    ...options,
    ...isForwarded ? { discover: false, fetch: fetchUnaware } : {},
  });
}

/** The first number drawn chooses where a client begins. */
function firstThen(first: number, random: () => number): () => number {
  let draws = 0;
  return () => draws++ === 0 ? first : random();
}

const fetchUnaware: Fetch = async (url, init) => {
  const response = await fetch(url, init);
  const headers = new Headers(response.headers);
  headers.delete("RaftKV-Leader");
  return new Response(response.body, { status: response.status, headers });
};
