// The whole interface against a model of maps and arrays: whatever is asked, in whatever order, both
// answer the same, and what is wrong is refused by its documented code with nothing changed.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LIMITS } from "@raftkv/core";
import type { FailureCode } from "@raftkv/core/api";
import { type DocumentedRoute, ROUTES } from "../../server/openapi/routes.ts";
import { READ_FAILURES } from "../../server/operations/read.ts";
import type { Call } from "./model/deeds.ts";
import { type Cursors, type Fault, faultsOf } from "./model/faults.ts";
import { callOf } from "./model/http.ts";
import { FIRST, someDeeds } from "./model/some_deed.ts";
import { Subject } from "./model/subject.ts";

/** Right requests of the routes that the model does not know. */
const OTHERS: Readonly<Record<string, string | null>> = {
  "get /v1/snapshot": null,
  "get /cluster/status": null,
  "get /cluster/leader": null,
  "post /cluster/leader": "{}",
  "get /cluster/members": null,
  "post /cluster/members": '{"remove":["n3"]}',
  "get /health": null,
};

/** A right request of a route. */
function rightCall({ method, path, form }: DocumentedRoute): Call {
  const plain: Call = { method: method.toUpperCase(), path, query: [], headers: {}, body: null };
  const other = OTHERS[`${method} ${path}`];
  if (other !== undefined) return { ...plain, body: other };
  const bodies: Readonly<Record<string, string>> = {
    put: '{"value":1}',
    putByQuery: '{"value":1}',
    txn: '{"success":[{"get":{"key":"a"}}]}',
    increment: '{"key":"counter"}',
    leaseGrant: '{"ttl":60}',
    compact: '{"revision":2}',
  };
  return {
    ...plain,
    path: path.replace("{key}", "a").replace("{lease}", "70"),
    query: path === "/v1/key"
      ? [["key", "a"]]
      : form.name === "deleteRange"
      ? [["prefix", "z"]]
      : form.name === "watch"
      ? [["key", "a"]]
      : [],
    body: bodies[form.name] ?? null,
  };
}

/** A subject with a little in it, and cursors of both lists. */
async function begun(): Promise<{ readonly subject: Subject; readonly cursors: Cursors }> {
  const subject = new Subject();
  for (const deed of FIRST) await subject.perform(deed);
  const cursorOf = async (path: string): Promise<string> => {
    const query = [["limit", "1"]] as const;
    const answer = await subject.send({ method: "GET", path, query, headers: {}, body: null });
    return (await answer.json()).cursor;
  };
  return { subject, cursors: { ofKv: await cursorOf("/kv"), ofV1: await cursorOf("/v1/kv") } };
}

for (const route of ROUTES) {
  Deno.test(`${nameOf(route)}: whatever is wrong gets its documented code, and changes nothing`, async () => {
    const { subject, cursors } = await begun();
    const right = rightCall(route);
    for (const { name, code, put } of faultsOf(route, cursors)) {
      await subject.refuse(put(right), { code, name });
    }
    await subject.compare();
    // Each was wrong for what was put into it, and for nothing else.
    const answer = await subject.send(right);
    assertEquals(answer.status, 200);
    await answer.body?.cancel();
  });
}

Deno.test("random requests of every route, right ones and wrong ones, are answered as the model says", async () => {
  const { cursors } = await begun();
  // Those of megabytes were seen above.
  const faults = new Map(ROUTES.map((route) => {
    const isSmall = ({ put }: Fault) => sizeOf(put(rightCall(route))) < 20_000;
    return [route, faultsOf(route, cursors).filter(isSmall)];
  }));
  /** Something that can be wrong with a request; null if its failure would have no body to read. */
  const faultFor = ({ method, path }: Call, at: number): Fault | null => {
    const ofRoute = faults.get(routeOf(method, path)) ?? [];
    return ofRoute[at % ofRoute.length] ?? null;
  };
  const step = fc.tuple(someDeeds, fc.array(fc.nat(5_000), { minLength: 20, maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(step, async ([deeds, chances]) => {
      const subject = new Subject();
      for (const [at, deed] of deeds.entries()) {
        await subject.perform(deed);
        if (deed.do === "wait" || (deed.do === "get" && deed.head)) continue;
        // A stream of lines may be longer than a page.
        const isLines = deed.do === "list" && deed.door === "lines";
        const call = callOf(isLines ? { ...deed, door: "v1" } : deed, subject.model);
        const fault = faultFor(call, chances[at % chances.length]!);
        if (fault !== null) await subject.refuse(fault.put(call), fault);
      }
      await subject.compare();
    }),
    { numRuns: 300 },
  );
});

/** Fills a store, and a lease, to where they are full. */
async function overfill(subject: Subject): Promise<void> {
  const write = async (method: string, target: string, body: string | null = null) => {
    const [path = "", raw] = target.split("?");
    const call = { method, path, query: [], headers: {}, body, ...(raw && { raw }) };
    await (await subject.send(call)).body?.cancel();
  };
  const puts = (from: number, lease: string) => {
    const each = (_: unknown, at: number) => `{"put":{"key":"f${from + at}","value":1${lease}}}`;
    return `{"success":[${Array.from({ length: 128 }, each)}]}`;
  };
  await write("POST", "/v1/leases", '{"ttl":60,"lease":7}');
  for (let from = 0; from <= LIMITS.leaseKeysMax; from += 128) {
    await write("POST", "/v1/txn", puts(from, ',"lease":7'));
  }
  await write("POST", "/v1/txn", puts(10_000, ""));
  await write("PUT", "/v1/kv/more?lease=7", '{"value":1}');
  await write("PUT", "/v1/key?key=more&lease=7", '{"value":1}');
  await write("DELETE", "/v1/kv?prefix=f");
  await write("POST", "/v1/txn", '{"success":[{"delete":{"prefix":"f"}}]}');
}

Deno.test("each route fails in every way of its own that the document names", async () => {
  const seen = new Set<string>();
  const onFailure = ({ method, path }: Call, code: string) => {
    seen.add(`${nameOf(routeOf(method, path))} ${code}`);
  };
  const { cursors } = await begun();
  for (const route of ROUTES) {
    const subject = new Subject(onFailure);
    const right = rightCall(route);
    for (const { put, code, name } of faultsOf(route, cursors)) {
      if (code !== "method_not_allowed") await subject.refuse(put(right), { code, name });
    }
  }
  for (const deeds of fc.sample(someDeeds, { numRuns: 300, seed: 1 })) {
    const subject = new Subject(onFailure);
    for (const deed of deeds) await subject.perform(deed);
  }
  await overfill(new Subject(onFailure));
  const named = ROUTES.filter(({ tag }) => tag !== "Cluster").flatMap((route) =>
    route.form.failures.filter((code) => !OF_OTHER_TESTS.includes(code))
      .map((code) => `${nameOf(route)} ${code}`)
  );
  assertEquals(named.filter((each) => !seen.has(each)), []);
});

/** What a node alone, that commits at once, does not come to: tests/server/fresh_reads_test.ts. */
const OF_OTHER_TESTS: readonly FailureCode[] = READ_FAILURES;

function nameOf({ method, path }: DocumentedRoute): string {
  return `${method.toUpperCase()} ${path}`;
}

function sizeOf({ path, query, headers, body }: Call): number {
  return path.length + JSON.stringify([query, headers]).length + (body?.length ?? 0);
}

function routeOf(method: string, path: string): DocumentedRoute {
  const pattern = (route: DocumentedRoute) =>
    route.path.replace("{key}", "[^]*").replace("{lease}", "[^/]*");
  const route = ROUTES.find((each) =>
    each.method === method.toLowerCase() && new RegExp(`^${pattern(each)}$`).test(path)
  );
  assert(route !== undefined, `${method} ${path}`);
  return route;
}
