// Every kind of bad input, put into requests that are right but for it: what each is refused with.

import { LIMITS } from "@raftkv/core";
import type { DocumentedRoute } from "../../../server/openapi/routes.ts";
import type { Call } from "./deeds.ts";
import { TXN_FAULTS } from "./txn_faults.ts";

/** One thing that is wrong. */
export interface Fault {
  readonly name: string;
  /** The documented code. */
  readonly code: string;
  /** The request with it. */
  readonly put: (call: Call) => Call;
}

/** Cursors that lists gave out: what one list goes on with is of no use to another. */
export interface Cursors {
  readonly ofKv: string;
  readonly ofV1: string;
}

/** All that can be wrong with a request of a route. */
export function faultsOf(route: DocumentedRoute, cursors: Cursors): Fault[] {
  const { form, path } = route;
  return [
    ...Object.keys(form.groups.query).flatMap((name) => queryFaults(name, { path, cursors })),
    ...QUERY.map(([name, raw]): Fault => ({
      name: `query ${name}`,
      code: "invalid_argument",
      put: (call) => ({ ...call, raw }),
    })),
    ...form.headers.flatMap(([, header]) => headerFaults(header)),
    ...(form.name === "watch" ? headerFaults("last-event-id") : []),
    ...(path.endsWith("{key}") ? PATH_KEYS.map((key) => pathFault(path, key)) : []),
    ...(path.includes("{lease}") ? LEASE_IDS.map((id) => leaseFault(path, id)) : []),
    ...(form.hasBody
      ? bodyFaults(form.name.replace("ByQuery", ""), Object.keys(form.groups.body))
      : []),
    WRONG_METHOD,
  ];
}

const long = (sizeBytes: number) => "k".repeat(sizeBytes);
const { keyBytesMax, valueBytesMax, requestBytesMax } = LIMITS;

/** Numbers near the ends of what numbers can be, as text, and what is none. */
const INTEGERS = [
  ...["-9223372036854775809", "-1", "0", "1", "1001", "1000000", "1000000001", "1000000000000"],
  ...["9007199254740991", "9007199254740992", "9223372036854775807", "9223372036854775808"],
  ...["0.5", "1e3", "", " 1", "+1", "0x1", "x", "٣", "NaN", "true", "null", "[]"],
];

/** Those of them that are no whole number from `min` to `max`. */
function integersBut(min: number, max = Number.MAX_SAFE_INTEGER): string[] {
  return INTEGERS.filter((text) => !/^\d+$/.test(text) || +text < min || +text > max);
}

const DURATIONS = ["", "0", "-1", "0.9ms", "60001", "60000000", "61s", "1m", "1e3", "x", "5 s"];
const FLAGS = ["", "1", "yes", "True", "null"];
const BOUNDS = [long(keyBytesMax + 1), long(keyBytesMax * 1_000)];

const BAD_QUERY: Readonly<Record<string, readonly string[]>> = {
  timeout: DURATIONS,
  bookmark: DURATIONS,
  maxStaleness: [...DURATIONS, "1s"],
  minRevision: integersBut(1),
  revision: integersBut(1),
  limit: integersBut(1, LIMITS.listItemsMax),
  after: integersBut(0),
  lease: integersBut(1),
  ttl: integersBut(1, 1_000_000_000),
  consistency: ["", "Stale", "leases", "0"],
  explain: ["", "2", "yes"],
  prevKv: FLAGS,
  keysOnly: FLAGS,
  countOnly: FLAGS,
  order: ["", "ASC", "up", "0"],
  only: ["", "puts", "put,delete"],
  prefix: BOUNDS,
  start: BOUNDS,
  end: BOUNDS,
  key: ["", ...BOUNDS],
  cursor: ["", "x", "AA", "Ag==", "!!", long(2_048_000)],
};

/** What the whole query may look like: parts of it that no route takes. */
const QUERY: readonly (readonly [name: string, raw: string])[] = [
  ["unknown", "retries=3"],
  ["unknown, misspelt", "Timeout=5s"],
  ["unknown, of an object", "__proto__=1"],
  ["without a name", "=1"],
  ["not UTF-8", "timeout=%ff"],
  ["a name that is not UTF-8", "%C0%80=1"],
  ["half an escape", "timeout=%5"],
];

function queryFaults(
  name: string,
  { path, cursors }: { readonly path: string; readonly cursors: Cursors },
): Fault[] {
  const values = BAD_QUERY[name];
  if (values === undefined) throw new Error(`What is no ${name} is not known here`);
  const codeOf = name === "key" ? "invalid_key" : name === "cursor" ? "invalid_cursor" : null;
  const faults = values.map((value): Fault => ({
    name: `${name}=${value.slice(0, 30)} (${value.length})`,
    code: codeOf ?? "invalid_argument",
    put: (call) => withQuery(call, { [name]: value }),
  }));
  const twice: Fault = {
    name: `${name} twice`,
    code: "invalid_argument",
    put: (call) => ({ ...withQuery(call, {}, [name]), raw: `${name}=1&${name}=1` }),
  };
  const others = name === "cursor" ? cursorFaults(path, cursors) : [];
  const both = name === "start" ? [PREFIX_AND_START] : [];
  return [...faults, twice, ...others, ...both];
}

const PREFIX_AND_START: Fault = {
  name: "a prefix beside a start",
  code: "invalid_argument",
  put: (call) => withQuery(call, { prefix: "a", start: "a" }, ["key"]),
};

function cursorFaults(path: string, { ofKv, ofV1 }: Cursors): Fault[] {
  const [own, other] = path === "/kv" ? [ofKv, ofV1] : [ofV1, ofKv];
  const fault = (name: string, fields: Readonly<Record<string, string>>): Fault => ({
    name: `cursor ${name}`,
    code: "invalid_cursor",
    put: (call) => withQuery(call, fields, ["prefix", "start", "end", "revision", "order"]),
  });
  const ofBoth = [
    fault("of another list", { cursor: other }),
    fault("cut short", { cursor: own.slice(0, -3) }),
    fault("of another prefix", { cursor: own, prefix: "ab" }),
  ];
  if (path === "/kv") return ofBoth;
  return [
    ...ofBoth,
    fault("with more behind it", { cursor: `${own}AAAA` }),
    fault("of another order", { cursor: own, order: "desc" }),
    fault("of another revision", { cursor: own, revision: "1" }),
  ];
}

const NAMES_OF_SESSIONS = ["1/", "/1", "0/1", "1/0", "01/1", "-1/1", "1/1/1", "1/1.5", "1/a"];
const TAGS = ["", "5", '"x"', '"-1"', 'W/"5"', '"1", "2"', "**", '"9007199254740992"'];
const BAD_HEADERS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "idempotency-key": [
    ...[...NAMES_OF_SESSIONS, "1/9007199254740992", "9223372036854775808/1"].map((name) =>
      [name, "invalid_session"] as const
    ),
    ...["", "a b", "é", long(256), long(255_000)].map((name) =>
      [name, "invalid_argument"] as const
    ),
  ],
  "if-match": TAGS.map((tag) => [tag, "invalid_argument"]),
  "if-none-match": TAGS.map((tag) => [tag, "invalid_argument"]),
  "last-event-id": ["", "x", "-1", "1.5", "9007199254740991", "9223372036854775808"].map((
    id,
  ) => [id, "invalid_argument"]),
};

function headerFaults(header: string): Fault[] {
  const values = BAD_HEADERS[header];
  if (values === undefined) throw new Error(`What is no ${header} is not known here`);
  return values.map(([value, code]) => ({
    name: `${header}: ${value.slice(0, 30)} (${value.length})`,
    code,
    put: (call) => ({ ...call, headers: { ...call.headers, [header]: value } }),
  }));
}

/** Keys as they may stand in a path, and should not. */
const PATH_KEYS = [
  ...["", long(keyBytesMax + 1), long(keyBytesMax * 1_000), "%C3%A9".repeat(1_024) + "k"],
  ...["%", "%4", "%zz", "%ff", "%C3", "%C0%80", "%ED%A0%80", "%F4%90%80%80"],
];

function pathFault(path: string, key: string): Fault {
  return {
    name: `key ${key.slice(0, 30)} (${key.length})`,
    code: "invalid_key",
    put: (call) => ({ ...call, path: path.replace("{key}", key) }),
  };
}

/** What names no lease, now or ever. */
const LEASE_IDS = ["0", "-1", "01", "9007199254740992", "9223372036854775808", "x", "1.5", "%00"];

function leaseFault(path: string, id: string): Fault {
  return {
    name: `lease ${id}`,
    code: "lease_not_found",
    put: (call) => ({ ...call, path: path.replace("{lease}", id) }),
  };
}

const WRONG_METHOD: Fault = {
  name: "another method",
  code: "method_not_allowed",
  put: (call) => ({ ...call, method: "PATCH" }),
};

/** The fields of bodies that are right. */
const BODIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  put: { value: "1" },
  increment: { key: '"n"' },
  leaseGrant: { ttl: "60" },
  compact: { revision: "2" },
  txn: { success: "[]" },
  moveLeader: {},
  changeMembers: { remove: '["n3"]' },
};

/** No JSON, whatever is asked for. */
const NO_JSON = [
  ...["", "RaftKV", "{", "{'a':1}", '{"a":1,}', '{"a":01}', '{"a":NaN}', '{"a":"\n"}', '{"a":1}}'],
  ...['{"a":"\0"}', '{"a":"unclosed', "a=1", '{"a":1}\0', '{"a":.5}', '{"a":"\\x"}', "\u00a0{}"],
];

const WRONG_TYPES = ["true", "null", "[]", "{}", "[[]]", '{"key":1}', '"x"', '""', "0.5", "1e400"];
const TEXT_TYPES = ["1", "0", "true", "null", "[]", "{}", '["a"]', "9223372036854775808"];
const LIST_TYPES = ["1", "0", "true", "null", '"x"', "{}", '{"0":1}', "9007199254740992"];
const LONE_SURROGATE = '"\\ud800"';

/** Whole numbers in JSON, as numbers and as texts. */
function jsonIntegersBut(min: number, max = Number.MAX_SAFE_INTEGER): string[] {
  const texts = integersBut(min, max).map((text) => JSON.stringify(text));
  const numbers = integersBut(min, max).filter((text) => /^-?\d+(?:\.\d+)?$/.test(text));
  return [...WRONG_TYPES, ...texts, ...numbers];
}

const INT64 = [
  ...WRONG_TYPES,
  ...["9223372036854775808", "-9223372036854775809", '"9223372036854775808"', '"1e3"', '" 1"'],
];

type Bad = readonly (readonly [json: string, code: string])[];
const invalid = (jsons: readonly string[]): Bad => jsons.map((json) => [json, "invalid_body"]);

/** Keys in JSON: one that is too long by a thousand times is too long for any body. */
const KEYS: Bad = [
  ...invalid(TEXT_TYPES),
  ...['""', LONE_SURROGATE, JSON.stringify(long(keyBytesMax + 1))].map((json) =>
    [json, "invalid_key"] as const
  ),
  [JSON.stringify(long(keyBytesMax * 1_000)), "body_too_large"],
];

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const BAD_FIELDS: Readonly<Record<string, Bad>> = {
  "put.value": [
    ...invalid([nested(101), nested(199)]),
    [JSON.stringify(long(valueBytesMax + 1)), "value_too_large"],
    [JSON.stringify(long(valueBytesMax * 2)), "body_too_large"],
  ],
  "put.encoding": invalid([...TEXT_TYPES, '"utf8"', '""', '"BASE64"', '"base64"']),
  "increment.key": KEYS,
  "increment.delta": invalid(INT64),
  "increment.min": invalid([...INT64, '1,"max":0']),
  "increment.max": invalid(INT64),
  "leaseGrant.ttl": invalid(jsonIntegersBut(1, 1_000_000_000)),
  "leaseGrant.lease": invalid(jsonIntegersBut(1)),
  "compact.revision": invalid(jsonIntegersBut(1)),
  "txn.compare": invalid(LIST_TYPES),
  "txn.success": invalid(LIST_TYPES),
  "txn.failure": invalid(LIST_TYPES),
  "moveLeader.member": invalid(TEXT_TYPES),
  "changeMembers.add": invalid(LIST_TYPES),
  "changeMembers.replace": invalid(LIST_TYPES),
  "changeMembers.remove": invalid(LIST_TYPES),
  "changeMembers.promote": invalid(LIST_TYPES),
  "changeMembers.move": invalid(LIST_TYPES),
  "changeMembers.expectedIndex": invalid(jsonIntegersBut(0)),
};

function bodyFaults(form: string, fields: readonly string[]): Fault[] {
  const right = BODIES[form];
  if (right === undefined) throw new Error(`A right body of ${form} is not known here`);
  const whole = bodyOf(right);
  const most = requestBytesMax - whole.length;
  return [
    ...NO_JSON.map((body) => bodyFault("no JSON", body, "invalid_json")),
    bodyFault("not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "invalid_json"),
    ...["1", "null", "true", '"x"', "[]", `[${whole}]`].map((body) =>
      bodyFault("no object", body, "invalid_body")
    ),
    ...["unknown", "__proto__", "constructor", "Value", ""].map((name) =>
      bodyFault(`unknown field ${name}`, bodyOf({ ...right, [name]: "1" }), "invalid_body")
    ),
    ...[nested(200), nested(200_000), '{"a":'.repeat(200_000)].map((json) =>
      bodyFault("nested too deep", bodyOf({ ...right, unknown: json }), "invalid_body")
    ),
    bodyFault("too large by one", whole + " ".repeat(most + 1), "body_too_large"),
    {
      name: "too large by a thousand times",
      code: "body_too_large",
      put: (call) => ({
        ...withBody(call, whole),
        headers: { ...jsonHeaders(call), "content-length": `${1_000 * requestBytesMax}` },
      }),
    },
    ...Object.keys(right).filter((name) => name !== "success" && name !== "remove").map((name) =>
      bodyFault(
        `without ${name}`,
        bodyOf(Object.fromEntries(Object.entries(right).filter(([each]) => each !== name))),
        "invalid_body",
      )
    ),
    ...fields.flatMap((field) => fieldFaults(form, field, right)),
    ...(form === "txn" ? TXN_FAULTS.map(([name, body, code]) => bodyFault(name, body, code)) : []),
  ];
}

function fieldFaults(
  form: string,
  field: string,
  right: Readonly<Record<string, string>>,
): Fault[] {
  const bad = BAD_FIELDS[`${form}.${field}`];
  if (bad === undefined) throw new Error(`What is no ${field} of ${form} is not known here`);
  return bad.map(([json, code]) =>
    bodyFault(
      `${field}: ${json.slice(0, 30)} (${json.length})`,
      bodyOf({ ...right, [field]: json }),
      code,
    )
  );
}

function bodyFault(name: string, body: string | Uint8Array, code: string): Fault {
  const shown = typeof body === "string" ? body.slice(0, 30) : "";
  return { name: `${name}: ${shown}`, code, put: (call) => withBody(call, body) };
}

function bodyOf(fields: Readonly<Record<string, string>>): string {
  return `{${
    Object.entries(fields).map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")
  }}`;
}

function withBody(call: Call, body: string | Uint8Array): Call {
  return { ...call, headers: jsonHeaders(call), body };
}

function jsonHeaders({ headers }: Call): Call["headers"] {
  return { ...headers, "content-type": "application/json" };
}

function withQuery(
  call: Call,
  fields: Readonly<Record<string, string>>,
  without: readonly string[] = [],
): Call {
  const left = call.query.filter(([name]) => !(name in fields) && !without.includes(name));
  return { ...call, query: [...left, ...Object.entries(fields)] };
}
