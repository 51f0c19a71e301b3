/**
 * A store in one object, with what locks are made of: leases, keys that end with them, a list and a
 * watch. It can be out of reach. Its leases end when a test says so, as if its time had passed.
 *
 * @module
 */

import { FAILURES } from "@raftkv/core/api";

interface Kept {
  readonly lease: string | null;
  readonly createRevision: number;
}

interface Watching {
  readonly key: string;
  readonly tell: (message: unknown) => void;
  readonly breakOff: () => void;
}

const ENDPOINT = "http://n1.test";

export class FakeQueue {
  readonly url: string = ENDPOINT;
  /** Leases that were granted, those that have ended too. */
  granted = 0;
  /** Called after each. */
  onGrant: () => void = () => {};
  readonly keys: Map<string, Kept> = new Map();
  readonly #leases: Set<string> = new Set();
  readonly #watching: Set<Watching> = new Set();
  #isDown = false;
  #revision = 1;

  /** Takes a key that no lease will end. */
  seize(key: string): void {
    this.#put(key, null);
  }

  /** Removes a key, and tells of it. */
  free(key: string): void {
    this.#revision += 1;
    this.keys.delete(key);
    const events = [{ type: "delete", key }];
    for (const { key: watched, tell } of this.#watching) {
      if (watched === key) tell({ type: "events", revision: this.#revision, events });
    }
  }

  /** Ends all leases, as their time does. */
  expire(): void {
    this.#leases.clear();
    for (const [key, { lease }] of this.keys) {
      if (lease !== null) this.free(key);
    }
  }

  /** No connection comes about from now on, and those that are there break. */
  fail(): void {
    this.#isDown = true;
    for (const { breakOff } of this.#watching) breakOff();
    this.#watching.clear();
  }

  /** It can be reached again. */
  recover(): void {
    this.#isDown = false;
  }

  /** Stands for the network and `fetch`. */
  readonly fetch = async (address: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted();
    if (this.#isDown) {
      const cause = Object.assign(new Error("connect ECONNREFUSED"), { syscall: "connect" });
      throw new TypeError("fetch failed", { cause });
    }
    const url = new URL(address);
    const request = new Request(url, { ...init, signal: null });
    return this.#serve(request.method, url, await request.text());
  };

  #serve(method: string, { pathname, searchParams }: URL, body: string): Response {
    const [, kind = "", id = ""] = /^\/v1\/(kv|leases|watch)(?:\/(.+?))?(?:\/keepalive)?$/
      .exec(decodeURIComponent(pathname)) ?? [];
    const revision = this.#revision;
    if (pathname === "/sessions") return Response.json({ session: "1", revision });
    if (kind === "watch") return this.#watch(searchParams.get("key") ?? "");
    if (kind === "leases" && id === "") return this.#grant(JSON.parse(body).ttl);
    if (kind === "leases") return this.#touch(id, method);
    if (method === "PUT") return this.#putLeased(id, searchParams.get("lease"));
    const items = [...this.keys].map(([key, kept]) => ({ key, value: null, ...entryOf(kept) }));
    return Response.json({ items, cursor: null, revision });
  }

  #grant(ttl: number): Response {
    this.granted += 1;
    const lease = `${this.granted}`;
    this.#leases.add(lease);
    this.onGrant();
    return Response.json({ lease, ttl, revision: this.#revision });
  }

  #touch(lease: string, method: string): Response {
    if (!this.#leases.has(lease)) return leaseNotFound();
    if (method === "DELETE") {
      this.#leases.delete(lease);
      for (const [key, kept] of this.keys) if (kept.lease === lease) this.free(key);
    }
    return Response.json({ lease, ttl: 5, deleted: 1, revision: this.#revision });
  }

  #putLeased(key: string, lease: string | null): Response {
    if (lease === null || !this.#leases.has(lease)) return leaseNotFound();
    return Response.json({ key, ...entryOf(this.#put(key, lease)), revision: this.#revision });
  }

  #put(key: string, lease: string | null): Kept {
    this.#revision += 1;
    const kept = { lease, createRevision: this.keys.get(key)?.createRevision ?? this.#revision };
    this.keys.set(key, kept);
    return kept;
  }

  #watch(key: string): Response {
    const encoder = new TextEncoder();
    let watching: Watching | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const tell = (message: unknown) =>
          controller.enqueue(encoder.encode(`${JSON.stringify(message)}\n`));
        const breakOff = () => controller.error(new Error("Connection reset by peer"));
        watching = { key, tell, breakOff };
        this.#watching.add(watching);
        tell({ type: "bookmark", revision: this.#revision });
        if (this.keys.has(key)) return;
        tell({ type: "events", revision: this.#revision, events: [{ type: "delete", key }] });
      },
      cancel: () => {
        if (watching !== undefined) this.#watching.delete(watching);
      },
    });
    return new Response(stream);
  }
}

function entryOf({ createRevision }: Kept) {
  return { createRevision, modRevision: createRevision, version: 1 };
}

function leaseNotFound(): Response {
  const { status, meaning: message, retryable, outcome } = FAILURES.lease_not_found;
  return Response.json({ error: { code: "lease_not_found", message, retryable, outcome } }, {
    status,
  });
}
