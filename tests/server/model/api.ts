// What the interface answers to a request, worked out with the naive store.

import type { Deed, Once, Tag } from "./deeds.ts";
import {
  type Compare,
  Failure,
  type Lease,
  ModelStore,
  type Operation,
  type Result,
  type Txn,
  type Version,
  writesTwice,
} from "./store.ts";
import { boundsOf, isIn } from "./values.ts";

/** What a request has to be answered with. */
export interface Expected {
  /** The body as text, without the line feed at its end; null if it is none. */
  readonly body: string | Uint8Array | null;
  readonly status: number;
  /** The revision of the one key it is about. */
  readonly etag?: number;
  /** The revision that it reflects. */
  readonly revision: number;
  readonly isReplayed?: boolean;
}

/** What an earlier request of a name was, and what came of it. */
type Remembered<Outcome> =
  | { readonly asked: string; readonly outcome: Outcome; readonly revision: number }
  | { readonly asked: string; readonly refused: Failure };

/** Deeds that are one request with one answer. */
export type Single = Exclude<Deed, { readonly do: "list" | "watch" | "wait" }>;

type Write = Extract<Single, { do: "put" | "delete" | "deleteRange" | "txn" | "increment" }>;

export class ModelApi {
  readonly store = new ModelStore();
  /** The sessions, by their ids. */
  readonly sessions: string[] = [];
  readonly #memory = new Map<string, Remembered<unknown>>();

  /** The answer, or the failure. */
  answer(deed: Single): Expected | Failure {
    try {
      return this.#carryOut(deed);
    } catch (thrown) {
      if (thrown instanceof Failure) return thrown;
      throw thrown;
    }
  }

  /** The header that names a write. */
  nameOf(once: Exclude<Once, null>): string {
    if (typeof once === "string") return once;
    return `${this.sessions[once.session] ?? "999999999"}/${once.sequence}`;
  }

  /** Does something, unless that was done under the same name before. */
  #once<Outcome>(once: Once, asked: string, act: () => Outcome): Done<Outcome> {
    const fresh = () => {
      const outcome = act();
      return { outcome, revision: this.store.revision };
    };
    if (once === null) return fresh();
    const name = this.nameOf(once);
    const isOfSession = typeof once !== "string";
    if (isOfSession && !this.sessions.includes(name.split("/")[0]!)) {
      throw new Failure("session_expired");
    }
    const known = this.#memory.get(name) as Remembered<Outcome> | undefined;
    if (known !== undefined) {
      if (known.asked !== asked) throw new Failure("idempotency_key_reused");
      if ("refused" in known) throw new Failure(known.refused.code, undefined, true);
      return { outcome: known.outcome, revision: known.revision, isReplayed: true };
    }
    try {
      const done = fresh();
      this.#memory.set(name, { asked, ...done });
      return done;
    } catch (thrown) {
      // The past does not come back: what is gone is refused anew.
      const isLasting = thrown instanceof Failure && thrown.code !== "compacted";
      if (isLasting) this.#memory.set(name, { asked, refused: thrown });
      throw thrown;
    }
  }

  #carryOut(deed: Single): Expected {
    const { store } = this;
    switch (deed.do) {
      case "get":
        return this.#get(deed);
      case "count": {
        const revision = this.revisionOf(deed.back) ?? store.revision;
        return answerAt(`{"count":${store.list(deed.range, revision).length}`, { revision });
      }
      case "put":
      case "delete":
      case "deleteRange":
      case "increment":
      case "txn":
        return this.#write(deed);
      case "compact": {
        const target = Math.max(1, store.revision - deed.back);
        const done = this.#once(deed.once, `compact ${target}`, () => store.compact(target));
        return answerAt(`{"compactRevision":${target}`, done);
      }
      default:
        return this.#lease(deed);
    }
  }

  #write(deed: Write): Expected {
    const txn = txnOf(deed);
    // What breaks a rule by itself never comes to the store.
    if (writesTwice(txn)) throw new Failure("duplicate_key");
    const done = this.#once(deed.once, canonical(txn), () => this.store.commit(txn));
    const { succeeded, results } = done.outcome;
    if (deed.do === "txn") {
      return answerAt(`{"succeeded":${succeeded},"responses":${responsesJson(results)}`, done);
    }
    if (!succeeded) throw new Failure("precondition_failed", undefined, done.isReplayed);
    const [result] = results;
    switch (result?.do) {
      case "put": {
        const { key, mod } = result.written;
        const json = `{"key":${JSON.stringify(key)},${writtenJson(result.written)}`;
        return { ...answerAt(`${json}${prevKvJson(result)}`, done), etag: mod };
      }
      case "delete": {
        if (deed.do !== "delete") return answerAt(`{${deletedJson(result)}`, done);
        const was = deed.prevKv ? `,"prevKv":${itemOrNull(result.gone[0] ?? null)}` : "";
        const { length } = result.gone;
        return answerAt(`{"key":${JSON.stringify(deed.key)},"deleted":${length}${was}`, done);
      }
      case "increment": {
        const { key } = result.written;
        return answerAt(`{"key":${JSON.stringify(key)},${incrementedJson(result)}`, done);
      }
      default:
        throw new TypeError("No such write is made");
    }
  }

  #lease(
    deed: Extract<
      Single,
      { do: "grant" | "keepAlive" | "revoke" | "timeToLive" | "leases" | "openSession" }
    >,
  ): Expected {
    const { store } = this;
    const granted = (done: Done<Omit<Lease, "endsMs">>) =>
      answerAt(`{"lease":"${done.outcome.id}","ttl":${done.outcome.ttlMs / 1_000}`, done);
    const now = { revision: store.revision };
    switch (deed.do) {
      case "grant": {
        const { ttl, lease, once } = deed;
        return granted(
          this.#once(once, `grant ${lease} ${ttl}`, () => store.grant(ttl * 1_000, lease)),
        );
      }
      case "keepAlive":
        return granted(
          this.#once(deed.once, `keepAlive ${deed.lease}`, () => {
            const lease = store.lease(deed.lease);
            lease.endsMs = store.timeMs + lease.ttlMs;
            return lease;
          }),
        );
      case "revoke": {
        const done = this.#once(deed.once, `revoke ${deed.lease}`, () => store.end(deed.lease));
        return answerAt(`{"lease":"${deed.lease}","deleted":${done.outcome}`, done);
      }
      case "timeToLive": {
        const { id, ttlMs, endsMs } = store.lease(deed.lease);
        const left = (endsMs - store.timeMs) / 1_000;
        const keys = store.keysOf(id).map((key) => JSON.stringify(key));
        const json = `{"lease":"${id}","ttl":${left},"grantedTtl":${
          ttlMs / 1_000
        },"keys":[${keys}]`;
        return answerAt(json, now);
      }
      case "leases": {
        const ids = store.leases.map(({ id }) => id).filter((id) => id > deed.after)
          .sort((a, b) => a - b);
        const shown = ids.slice(0, deed.limit).map((id) => `"${id}"`);
        return answerAt(`{"leases":[${shown}],"more":${ids.length > deed.limit}`, now);
      }
      case "openSession":
        // Its id is the store's to choose.
        return answerAt(`{"session":"?"`, now);
    }
  }

  #get(deed: Single & { do: "get" }): Expected {
    const { store } = this;
    const revision = this.revisionOf(deed.back) ?? store.revision;
    const found = store.at(revision).get(deed.key);
    if (found === undefined) throw new Failure("key_not_found");
    const common = { revision, etag: found.mod };
    if (deed.holds) return { ...common, status: 304, body: null };
    if (deed.head) return { ...common, status: 200, body: null };
    if (deed.raw) return { ...common, status: 200, body: found.value.bytes };
    const body = `${itemJson(found).slice(0, -1)},"revision":${revision}}`;
    return { ...common, status: 200, body };
  }

  /** Counted back from the present; from the first on. */
  revisionOf(back: number | null): number | null {
    return back === null ? null : Math.max(1, this.store.revision - back);
  }
}

/** What came of something, and at which revision. */
interface Done<Outcome> {
  readonly outcome: Outcome;
  readonly revision: number;
  readonly isReplayed?: boolean;
}

function answerAt(json: string, done: Pick<Done<unknown>, "revision" | "isReplayed">): Expected {
  const { revision, isReplayed = false } = done;
  return { status: 200, body: `${json},"revision":${revision}}`, revision, isReplayed };
}

/** A write as the one transaction that it is. */
function txnOf(deed: Write): Txn {
  const only = (operation: Operation): Txn => ({
    compare: [],
    success: [operation],
    failure: [],
  });
  switch (deed.do) {
    case "txn":
      return deed.txn;
    case "increment":
      return only(deed.operation);
    case "deleteRange":
      return only({ do: "delete", range: deed.range, prevKv: deed.prevKv });
    case "put": {
      const { key, value, prevKv, end } = deed;
      return conditional(deed, { do: "put", key, value, prevKv, ...end });
    }
    case "delete":
      return conditional(deed, { do: "delete", range: { key: deed.key }, prevKv: deed.prevKv });
  }
}

function conditional(
  { key, ifMatch, ifNoneMatch }: Extract<Write, { do: "put" | "delete" }>,
  operation: Operation,
): Txn {
  const compare: Compare[] = [];
  const demand = (tag: Tag | null, [ofAny, ofOne]: readonly Compare["result"][]) => {
    if (tag === null) return;
    const [target, result, operand] = tag === "*" ? ["version", ofAny!, 0] : ["mod", ofOne!, tag];
    compare.push({ range: { key }, target, result, operand } as Compare);
  };
  demand(ifMatch, [">", "="]);
  demand(ifNoneMatch, ["=", "!="]);
  const failure: Operation[] = compare.length === 0 ? [] : [{ do: "get", key }];
  return { compare, success: [operation], failure };
}

/** The same for two transactions that ask the same of the store. */
function canonical(txn: Txn): string {
  return JSON.stringify(txn, (name, each) => {
    if (name === "range") return boundsOf(each);
    if (typeof each === "bigint") return `${each}`;
    return typeof each === "object" && each !== null && "shown" in each ? each.shown : each;
  });
}

/** The events of a revision of a watch, as it tells them; null if there are none. */
export function eventsJson(
  store: ModelStore,
  watch: Pick<Deed & { do: "watch" }, "range" | "prevKv" | "only">,
  revision: number,
): string | null {
  const events = store.changes(revision).filter(({ key, after }) =>
    isIn(watch.range, key) && (watch.only === null || watch.only === (after ? "put" : "delete"))
  ).map(({ key, before, after }) => {
    const was = watch.prevKv ? `,"prevKv":${itemOrNull(before)}` : "";
    return after === null
      ? `{"type":"delete","key":${JSON.stringify(key)}${was}}`
      : `{"type":"put","kv":${itemJson(after)}${was}}`;
  });
  if (events.length === 0) return null;
  return `{"type":"events","revision":${revision},"events":[${events.join(",")}]}`;
}

/** A key with its value, as lists show it. */
export function itemJson(
  { key, value, create, mod, version, lease }: Version,
  { keysOnly = false } = {},
): string {
  return `{"key":${JSON.stringify(key)},${keysOnly ? "" : `${value.shown},`}` +
    `"createRevision":${create},"modRevision":${mod},"version":${version}${leaseJson(lease)}}`;
}

function itemOrNull(version: Version | null): string {
  return version === null ? "null" : itemJson(version);
}

function leaseJson(lease: number | null): string {
  return lease === null ? "" : `,"lease":"${lease}"`;
}

function writtenJson({ create, mod, version, lease }: Version): string {
  return `"createRevision":${create},"modRevision":${mod},"version":${version}${leaseJson(lease)}`;
}

function prevKvJson({ prevKv }: { readonly prevKv?: Version | null }): string {
  return prevKv === undefined ? "" : `,"prevKv":${itemOrNull(prevKv)}`;
}

function deletedJson({ gone, prevKv }: Result & { do: "delete" }): string {
  const was = prevKv ? `,"prevKvs":[${gone.map((each) => itemJson(each)).join(",")}]` : "";
  return `"deleted":${gone.length}${was}`;
}

function incrementedJson({ written }: Result & { do: "increment" }): string {
  return `"value":"${written.value.integer}",${writtenJson({ ...written, lease: null })}`;
}

function responsesJson(results: readonly Result[]): string {
  return `[${results.map(responseJson).join(",")}]`;
}

function responseJson(result: Result): string {
  switch (result.do) {
    case "get":
      return `{"get":{"kv":${itemOrNull(result.found)}}}`;
    case "put":
      return `{"put":{${writtenJson(result.written)}${prevKvJson(result)}}}`;
    case "delete":
      return `{"delete":{${deletedJson(result)}}}`;
    case "range": {
      const { items, count, more, keysOnly } = result;
      const shown = items.map((item) => itemJson(item, { keysOnly })).join(",");
      return `{"range":{"items":[${shown}],"count":${count},"more":${more}}}`;
    }
    case "increment":
      return `{"increment":{${incrementedJson(result)}}}`;
    case "txn": {
      const { succeeded, results } = result.outcome;
      return `{"txn":{"succeeded":${succeeded},"responses":${responsesJson(results)}}}`;
    }
  }
}
