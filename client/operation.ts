/**
 * What can be asked of a node, as an operation with named fields, and how the same travels over HTTP.
 *
 * @module
 */

/** The operations that this client knows. */
export type OperationName =
  | "get"
  | "put"
  | "delete"
  | "range"
  | "deleteRange"
  | "increment"
  | "txn"
  | "compact"
  | "openSession"
  | "leaseGrant"
  | "leaseKeepAlive"
  | "leaseRevoke"
  | "leaseTimeToLive"
  | "leases"
  | "status"
  | "leader"
  | "members"
  | "changeMembers"
  | "moveLeader"
  | "health";

/** The fields of an operation; those that are undefined are not there. */
export type OperationFields = Readonly<Record<string, unknown>>;

/** An operation to be carried out. */
export interface Operation {
  /** Which one. */
  readonly op: OperationName;
  /** What is said of it. */
  readonly fields: OperationFields;
}

/** A request that can be made at any endpoint. */
export interface HttpRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Path below the endpoint, with encoded segments. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Headers besides those that say what the body is. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the server is told, as `?timeout=`, how long it may take. */
  readonly timed?: boolean;
  /** Statuses besides 2xx whose body is the answer asked for. */
  readonly accept?: readonly number[];
  /** JSON text. */
  readonly body?: string;
}

interface Route {
  readonly method: HttpRequest["method"];
  /** A segment `:name` stands for a field. */
  readonly path: string;
  /** Fields in the JSON body; all others are in the query. */
  readonly body?: readonly string[];
  /** Whether the server is told how long it may take. */
  readonly untimed?: true;
  /** Statuses besides 2xx whose body is the answer asked for. */
  readonly accept?: readonly number[];
}

const ROUTES: Readonly<Record<OperationName, Route>> = {
  get: { method: "GET", path: "/v1/kv/:key" },
  put: { method: "PUT", path: "/v1/kv/:key", body: ["value"] },
  delete: { method: "DELETE", path: "/v1/kv/:key" },
  range: { method: "GET", path: "/v1/kv" },
  deleteRange: { method: "DELETE", path: "/v1/kv" },
  increment: { method: "POST", path: "/v1/increment", body: ["key", "delta", "min", "max"] },
  txn: { method: "POST", path: "/v1/txn", body: ["compare", "success", "failure"] },
  compact: { method: "POST", path: "/v1/compact", body: ["revision"] },
  openSession: { method: "POST", path: "/sessions" },
  leaseGrant: { method: "POST", path: "/v1/leases", body: ["ttl", "lease"] },
  leaseKeepAlive: { method: "POST", path: "/v1/leases/:lease/keepalive" },
  leaseRevoke: { method: "DELETE", path: "/v1/leases/:lease" },
  leaseTimeToLive: { method: "GET", path: "/v1/leases/:lease" },
  leases: { method: "GET", path: "/v1/leases" },
  status: { method: "GET", path: "/cluster/status", untimed: true },
  leader: { method: "GET", path: "/cluster/leader", untimed: true },
  members: { method: "GET", path: "/cluster/members" },
  changeMembers: {
    method: "POST",
    path: "/cluster/members",
    body: ["add", "replace", "remove", "promote", "move", "expectedIndex"],
  },
  moveLeader: { method: "POST", path: "/cluster/leader", body: ["member"] },
  health: { method: "GET", path: "/health", untimed: true, accept: [503] },
};

const HEADERS: Readonly<Record<string, string>> = {
  ifMatch: "if-match",
  ifNoneMatch: "if-none-match",
  idempotencyKey: "idempotency-key",
};

/** Whether the node is told how long an operation may take. */
export function isTimed(op: OperationName): boolean {
  return ROUTES[op].untimed !== true;
}

/** The same as a request over HTTP. */
export function httpRequestOf({ op, fields }: Operation): HttpRequest {
  const { method, path: pattern, body: inBody = [], accept = [] } = ROUTES[op];
  const headers: Record<string, string> = {};
  const query: Record<string, string> = {};
  const body: Record<string, unknown> = {};
  let path = pattern;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const header = HEADERS[name];
    if (path.includes(`:${name}`)) {
      path = path.replace(`:${name}`, () => encodeURIComponent(String(value)));
    } else if (header !== undefined) headers[header] = headerText(value);
    else if (inBody.includes(name)) body[name] = value;
    else query[name] = String(value);
  }
  return {
    method,
    path,
    query,
    headers,
    timed: isTimed(op),
    accept,
    ...inBody.length === 0 ? {} : { body: JSON.stringify(body) },
  };
}

/** A revision as an entity tag; `*` and texts as they are. */
function headerText(value: unknown): string {
  return typeof value === "number" ? `"${value}"` : String(value);
}
