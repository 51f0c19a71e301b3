/**
 * A cluster in one object: the HTTP interface over a shared map, with sessions, and with faults at
 * the places where a real network has them. What it applied is on record, so that tests can compare
 * it with what clients were told.
 *
 * @module
 */

import { type FailureCode, FAILURES, type Json } from "@raftkv/core/api";

/** What happens to a request: null serves it, a response answers in its stead. */
export type Fault =
  | null
  | Response
  /** No connection. */
  | "refuse"
  /** The connection breaks before the request is carried out. */
  | "lose_request"
  /** The connection breaks after the request was carried out. */
  | "lose_reply"
  /** No answer ever; the request is not carried out. */
  | "hang";

/** A request on its way to a node. */
export interface Arrival {
  readonly node: FakeNode;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly idempotencyKey: string | null;
}

export interface FakeNode {
  readonly id: string;
  url: string;
}

interface Entry {
  readonly value: Json;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

/** One write as the store carried it out. */
export interface AppliedWrite {
  readonly method: string;
  readonly key: string;
  readonly value: Json | undefined;
}

export class FakeCluster {
  readonly nodes: readonly FakeNode[];
  readonly store: Map<string, Entry> = new Map();
  readonly applied: AppliedWrite[] = [];
  readonly arrivals: Arrival[] = [];
  readonly sessions: Map<string, Map<string, Response>> = new Map();
  leader = "n1";
  /** Nodes that show as unreachable in the cluster's status. */
  readonly unreachable: Set<string> = new Set();
  /** Whether answers name node and leader in their headers. */
  namesLeader = true;
  /** Decides about each request as it arrives. */
  fault: (arrival: Arrival) => Fault = () => null;
  #revision = 0;
  #sessionsOpened = 0;

  constructor(size = 3) {
    this.nodes = Array.from({ length: size }, (_, index) => ({
      id: `n${index + 1}`,
      url: `http://n${index + 1}.test:8001`,
    }));
  }

  get urls(): readonly string[] {
    return this.nodes.map((node) => node.url);
  }

  /** Stands for the network and `fetch`. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const node = this.nodes.find((each) => url.startsWith(`${each.url}/`));
    if (node === undefined) throw refused(url);
    init.signal?.throwIfAborted();
    return await this.#deliver(node, new Request(url, { ...init, signal: null }), init.signal);
  };

  /** Serves each node on a port of its own until the returned function is called. */
  listen(): () => Promise<void> {
    const servers = this.nodes.map((node) => {
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        (request) => this.#deliver(node, request, request.signal),
      );
      node.url = `http://127.0.0.1:${server.addr.port}`;
      return server;
    });
    return async () => {
      for (const server of servers) await server.shutdown();
    };
  }

  async #deliver(
    node: FakeNode,
    request: Request,
    signal: AbortSignal | null | undefined,
  ): Promise<Response> {
    const url = new URL(request.url);
    const arrival: Arrival = {
      node,
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      idempotencyKey: request.headers.get("idempotency-key"),
    };
    this.arrivals.push(arrival);
    const fault = this.fault(arrival);
    if (fault instanceof Response) return fault;
    switch (fault) {
      case "refuse":
        throw refused(request.url);
      case "lose_request":
        throw reset();
      case "hang":
        return await hang(signal);
      case "lose_reply":
        await this.#serve(arrival, request);
        throw reset();
      case null:
        return await this.#serve(arrival, request);
    }
  }

  async #serve(arrival: Arrival, request: Request): Promise<Response> {
    const response = await this.#route(arrival, await request.text());
    if (this.namesLeader) {
      response.headers.set("RaftKV-Node", arrival.node.id);
      response.headers.set("RaftKV-Leader", this.leader);
    }
    return response;
  }

  #route(arrival: Arrival, body: string): Response {
    const { method, path } = arrival;
    const key = path.startsWith("/v1/kv/")
      ? decodeURIComponent(path.slice("/v1/kv/".length))
      : null;
    if (key !== null && method === "GET") return this.#get(key);
    if (key !== null) return this.#once(arrival, () => this.#write(method, { key, body }));
    if (path === "/v1/kv") return this.#list(arrival.query);
    if (path === "/sessions") return this.#openSession();
    if (path === "/cluster/status") return this.#status(arrival.node);
    if (path === "/cluster/leader") {
      const leader = this.nodes.find((node) => node.id === this.leader);
      return leader === undefined
        ? failure("no_leader")
        : Response.json({ id: leader.id, url: leader.url, term: 3 });
    }
    if (path === "/health") return this.#health(arrival.node);
    return failure("route_not_found");
  }

  #once({ idempotencyKey }: Arrival, write: () => Response): Response {
    if (idempotencyKey === null) return write();
    const [session = "", sequence = ""] = idempotencyKey.split("/");
    const answers = this.sessions.get(session);
    if (answers === undefined) return failure("session_expired");
    const answer = answers.get(sequence) ?? write();
    answers.set(sequence, answer);
    return answer.clone();
  }

  #write(method: string, { key, body }: { key: string; body: string }): Response {
    this.#revision += 1;
    const revision = this.#revision;
    const before = this.store.get(key);
    if (method === "DELETE") {
      this.applied.push({ method, key, value: undefined });
      return Response.json({ revision, key, deleted: this.store.delete(key) ? 1 : 0 });
    }
    const { value }: { value: Json } = JSON.parse(body);
    this.applied.push({ method, key, value });
    const entry: Entry = {
      value,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
    };
    this.store.set(key, entry);
    const { value: _, ...history } = entry;
    return Response.json({ revision, key, ...history });
  }

  #get(key: string): Response {
    const entry = this.store.get(key);
    if (entry === undefined) return failure("key_not_found");
    return Response.json({ revision: this.#revision, key, ...entry });
  }

  #list(query: URLSearchParams): Response {
    const after = query.get("cursor") ?? "";
    const limit = Number(query.get("limit") ?? "2");
    const keys = [...this.store.keys()]
      .filter((key) => key.startsWith(query.get("prefix") ?? "") && key > after).sort();
    const items = keys.slice(0, limit).map((key) => ({ key, ...this.store.get(key) }));
    const cursor = keys.length > limit ? items.at(-1)?.key : null;
    return Response.json({ revision: this.#revision, items, cursor });
  }

  #openSession(): Response {
    this.#revision += 1;
    this.#sessionsOpened += 1;
    const session = `s${this.#sessionsOpened}`;
    this.sessions.set(session, new Map());
    return Response.json({ revision: this.#revision, session });
  }

  #status(asked: FakeNode): Response {
    const nodes = this.nodes.map(({ id, url }) =>
      this.unreachable.has(id) ? { id, url, reachable: false } : {
        id,
        url,
        reachable: true,
        role: id === this.leader ? "leader" : "follower",
        term: 3,
        leaderId: this.leader,
        lastIndex: 40,
        commitIndex: 39,
        appliedIndex: 38,
        snapshotIndex: 0,
        revision: this.#revision,
      }
    );
    const leaderId = this.leader;
    return Response.json({ clusterId: "c1", nodeId: asked.id, leaderId, term: 3, nodes });
  }

  #health({ id }: FakeNode): Response {
    const role = id === this.leader ? "leader" : "follower";
    const known = { nodeId: id, role, leaderId: this.leader };
    if (!this.unreachable.has(id)) return Response.json({ status: "ok", ...known });
    const reason = "No leader for 5 s";
    return Response.json({ status: "unavailable", ...known, reason }, { status: 503 });
  }
}

/** The answer that a server gives for a failure of the table. */
export function failure(code: FailureCode): Response {
  const { status, meaning, retryable, outcome } = FAILURES[code];
  return Response.json({ error: { code, message: meaning, retryable, outcome } }, { status });
}

function refused(url: string): TypeError {
  const cause = Object.assign(new Error(`connect ECONNREFUSED ${url}`), { syscall: "connect" });
  return new TypeError("fetch failed", { cause });
}

function reset(): TypeError {
  return new TypeError("fetch failed", { cause: new Error("Connection reset by peer") });
}

function hang(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
