// Requests of the model as they go over HTTP.

import { type Call, type Deed, type Door, incrementJson, type Once, txnJson } from "./deeds.ts";
import type { ModelApi } from "./api.ts";
import type { Range } from "./values.ts";

type Query = Call["query"];

/** The request of a deed; of a list, that of its first page. */
export function callOf(deed: Exclude<Deed, { readonly do: "wait" }>, api: ModelApi): Call {
  const { revision } = api.store;
  switch (deed.do) {
    case "get": {
      const held = `W/"7", "${api.store.pictures[at(deed.back, api)]?.get(deed.key)?.mod ?? 0}"`;
      return {
        ...keyCall(deed.door, deed.key),
        method: deed.head ? "HEAD" : "GET",
        query: [...keyQuery(deed.door, deed.key), ...revisionQuery(deed.back, api)],
        headers: {
          ...(deed.raw ? { accept: "application/octet-stream" } : {}),
          ...(deed.holds ? { "if-none-match": held } : {}),
        },
      };
    }
    case "put": {
      const { door, key, value, raw, prevKv, end } = deed;
      const query = [...keyQuery(door, key), ...flag("prevKv", prevKv), ...numbers(end)];
      const headers = headersOf(deed, api);
      return raw
        ? {
          ...keyCall(door, key),
          method: "PUT",
          query,
          headers: { ...headers, "content-type": "application/octet-stream" },
          body: value.bytes,
        }
        : { ...keyCall(door, key), method: "PUT", query, headers, body: `{${value.sent}}` };
    }
    case "delete": {
      const query = [...keyQuery(deed.door, deed.key), ...flag("prevKv", deed.prevKv)];
      const headers = headersOf(deed, api);
      return { ...keyCall(deed.door, deed.key), method: "DELETE", query, headers };
    }
    case "list": {
      const { door, range, back, order, limit, keysOnly } = deed;
      const path = door === "kv" ? "/kv" : "/v1/kv";
      const query = [
        ...rangeQuery(range),
        ...revisionQuery(back, api),
        ...(order === "desc" ? [["order", order] as const] : []),
        ...numbers({ limit }),
        ...flag("keysOnly", keysOnly),
      ];
      const headers: Call["headers"] = door === "lines" ? { accept: "application/x-ndjson" } : {};
      return { method: "GET", path, query, headers, body: null };
    }
    case "count": {
      const query = [["countOnly", "true"] as const, ...rangeQuery(deed.range)];
      return get("/v1/kv", [...query, ...revisionQuery(deed.back, api)]);
    }
    case "deleteRange": {
      const query = [...rangeQuery(deed.range), ...flag("prevKv", deed.prevKv)];
      const headers = nameHeader(deed.once, api);
      return { method: "DELETE", path: "/v1/kv", query, headers, body: null };
    }
    case "txn":
      return post("/v1/txn", txnJson(deed.txn), nameHeader(deed.once, api));
    case "increment":
      return post("/v1/increment", incrementJson(deed.operation), nameHeader(deed.once, api));
    case "grant": {
      const lease = deed.lease === null ? "" : `,"lease":"${deed.lease}"`;
      return post("/v1/leases", `{"ttl":${deed.ttl}${lease}}`, nameHeader(deed.once, api));
    }
    case "keepAlive":
      return post(`/v1/leases/${deed.lease}/keepalive`, null, nameHeader(deed.once, api));
    case "revoke": {
      const headers = nameHeader(deed.once, api);
      return { method: "DELETE", path: `/v1/leases/${deed.lease}`, query: [], headers, body: null };
    }
    case "timeToLive":
      return get(`/v1/leases/${deed.lease}`, []);
    case "leases":
      return get("/v1/leases", numbers({ after: deed.after, limit: deed.limit }));
    case "compact": {
      const target = Math.max(1, revision - deed.back);
      return post("/v1/compact", `{"revision":${target}}`, nameHeader(deed.once, api));
    }
    case "openSession":
      return post("/sessions", null, {});
    case "watch": {
      const from = api.revisionOf(deed.back);
      const query = [
        ...rangeQuery(deed.range),
        ...(from === null || deed.resumes ? [] : numbers({ revision: from })),
        ...flag("prevKv", deed.prevKv),
        ...(deed.only === null ? [] : [["only", deed.only] as const]),
      ];
      const last = from === null || !deed.resumes ? {} : { "last-event-id": `${from - 1}` };
      const headers = { accept: "application/x-ndjson", ...last };
      return { method: "GET", path: "/v1/watch", query, headers, body: null };
    }
  }
}

/** The target of a call. */
export function targetOf({ path, query, raw }: Call): string {
  const pairs = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const text = [...pairs, ...(raw === undefined ? [] : [raw])].join("&");
  return text === "" ? path : `${path}?${text}`;
}

function at(back: number | null, api: ModelApi): number {
  return api.revisionOf(back) ?? api.store.revision;
}

function keyCall(door: Door, key: string): Pick<Call, "path" | "body"> {
  const encoded = encodeURIComponent(key);
  switch (door) {
    case "kv":
      return { path: `/kv/${encoded}`, body: null };
    case "v1":
      // A slash may stand as it is.
      return { path: `/v1/kv/${encoded.replaceAll("%2F", "/")}`, body: null };
    case "byQuery":
      return { path: "/v1/key", body: null };
  }
}

function keyQuery(door: Door, key: string): Query {
  return door === "byQuery" ? [["key", key]] : [];
}

function get(path: string, query: Query): Call {
  return { method: "GET", path, query, headers: {}, body: null };
}

function post(path: string, body: string | null, headers: Call["headers"]): Call {
  return { method: "POST", path, query: [], headers, body };
}

function rangeQuery(range: Range): Query {
  return Object.entries(range).map(([name, text]) => [name, text] as const);
}

function revisionQuery(back: number | null, api: ModelApi): Query {
  return numbers({ revision: api.revisionOf(back) });
}

function numbers(fields: Readonly<Record<string, number | null | undefined>>): Query {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, `${value}`] as const]
  );
}

function flag(name: string, isSet: boolean): Query {
  return isSet ? [[name, "true"]] : [];
}

function headersOf(
  { ifMatch, ifNoneMatch, once }: Extract<Deed, { readonly do: "put" | "delete" }>,
  api: ModelApi,
): Call["headers"] {
  const tag = (name: string, given: "*" | number | null): Call["headers"] =>
    given === null ? {} : { [name]: given === "*" ? "*" : `"${given}"` };
  return {
    ...tag("if-match", ifMatch),
    ...tag("if-none-match", ifNoneMatch),
    ...nameHeader(once, api),
  };
}

function nameHeader(once: Once, api: ModelApi): Call["headers"] {
  return once === null ? {} : { "idempotency-key": api.nameOf(once) };
}
