// The store as one would write it who had no memory to save and no time to lose: at each revision
// the whole map is copied, and everything is looked for by going through all of it.

import { byBytes, isIn, jsonValue, overlap, type Range, type Value } from "./values.ts";

/** What stands under a key. */
export interface Version {
  readonly key: string;
  readonly value: Value;
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  readonly lease: number | null;
}

export interface Lease {
  readonly id: number;
  readonly ttlMs: number;
  endsMs: number;
  /** Of which key alone it is, if it was made for a `ttl`. */
  readonly ofKey: string | null;
}

export interface Compare {
  readonly range: Range;
  readonly target: "value" | "version" | "create" | "mod" | "lease" | "count";
  readonly result: "=" | "!=" | "<" | ">";
  readonly operand: Value | number;
}

export type Operation =
  | { readonly do: "get"; readonly key: string }
  | {
    readonly do: "put";
    readonly key: string;
    readonly value: Value;
    readonly prevKv: boolean;
    readonly lease?: number;
    readonly ttl?: number;
  }
  | { readonly do: "delete"; readonly range: Range; readonly prevKv: boolean }
  | {
    readonly do: "range";
    readonly range: Range;
    readonly limit: number;
    readonly order: "asc" | "desc";
    readonly keysOnly: boolean;
    readonly countOnly: boolean;
  }
  | {
    readonly do: "increment";
    readonly key: string;
    readonly delta: bigint;
    readonly min?: bigint;
    readonly max?: bigint;
  }
  | { readonly do: "txn"; readonly txn: Txn };

export interface Txn {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

/** What one operation came to. */
export type Result =
  | { readonly do: "get"; readonly found: Version | null }
  | { readonly do: "put"; readonly written: Version; readonly prevKv?: Version | null }
  | { readonly do: "delete"; readonly gone: readonly Version[]; readonly prevKv: boolean }
  | {
    readonly do: "range";
    readonly items: readonly Version[];
    readonly count: number;
    readonly more: boolean;
    readonly keysOnly: boolean;
  }
  | { readonly do: "increment"; readonly written: Version }
  | { readonly do: "txn"; readonly outcome: Outcome };

export interface Outcome {
  readonly succeeded: boolean;
  readonly results: readonly Result[];
}

/** A request that fails for a reason of the failure table. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly compactRevision?: number,
    readonly isReplayed = false,
  ) {
    super(code);
  }
}

type Picture = ReadonlyMap<string, Version>;

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

export class ModelStore {
  /** What stood there at each revision. */
  readonly pictures: Picture[] = [new Map(), new Map()];
  leases: Lease[] = [];
  compactRevision = 0;
  timeMs = 0;
  #leaseLast = 0;

  get revision(): number {
    return this.pictures.length - 1;
  }

  /** The store as it is, or was at a revision that can be read. */
  at(revision = this.revision): Picture {
    if (revision > this.revision) throw new Failure("future_revision");
    if (revision < this.compactRevision) throw new Failure("compacted", this.compactRevision);
    return this.pictures[revision]!;
  }

  /** In the order of keys. */
  list(range: Range, revision?: number): Version[] {
    return versionsIn(this.at(revision), range);
  }

  /** All that a revision changed, in the order of keys. */
  changes(revision: number): { key: string; before: Version | null; after: Version | null }[] {
    const [before, after] = [this.pictures[revision - 1]!, this.pictures[revision]!];
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((key) => before.get(key) !== after.get(key)).sort(byBytes)
      .map((key) => ({ key, before: before.get(key) ?? null, after: after.get(key) ?? null }));
  }

  /** Carries out one branch as the next revision, or nothing. */
  commit(txn: Txn): Outcome {
    const [leases, leaseLast] = [this.leases, this.#leaseLast];
    const picture = new Map(this.at());
    // Leases for a `ttl` come into force together with their keys.
    this.leases = [...leases];
    const before = [...leases];
    try {
      const outcome = this.#carryOut(txn, { picture, known: before });
      this.pictures.push(picture);
      this.leases = this.leases.filter(({ id, ofKey }) =>
        ofKey === null || picture.get(ofKey)?.lease === id
      );
      return outcome;
    } catch (thrown) {
      [this.leases, this.#leaseLast] = [leases, leaseLast];
      throw thrown;
    }
  }

  compact(revision: number): void {
    if (revision > this.revision) throw new Failure("future_revision");
    if (revision <= this.compactRevision) throw new Failure("compacted", this.compactRevision);
    this.compactRevision = revision;
  }

  grant(ttlMs: number, asked: number | null): Lease {
    if (this.leases.some(({ id }) => id === asked)) throw new Failure("lease_exists");
    const id = asked ?? this.#freshLease();
    const lease = { id, ttlMs, endsMs: this.timeMs + ttlMs, ofKey: null };
    this.leases.push(lease);
    return lease;
  }

  lease(id: number): Lease {
    const found = this.leases.find((lease) => lease.id === id);
    if (found === undefined) throw new Failure("lease_not_found");
    return found;
  }

  keysOf(id: number): string[] {
    return [...this.at().values()].filter(({ lease }) => lease === id).map(({ key }) => key)
      .sort(byBytes);
  }

  /** Ends a lease and its keys; returns how many there were. */
  end(id: number): number {
    const { id: ended } = this.lease(id);
    const keys = this.keysOf(ended);
    this.leases = this.leases.filter((lease) => lease.id !== ended);
    if (keys.length === 0) return 0;
    this.pictures.push(new Map([...this.at()].filter(([key]) => !keys.includes(key))));
    return keys.length;
  }

  /** Time passes, and ends what is due, the earliest first. */
  advance(ms: number): void {
    this.timeMs += ms;
    const due = this.leases.filter(({ endsMs }) => endsMs <= this.timeMs)
      .sort((a, b) => a.endsMs - b.endsMs || a.id - b.id);
    for (const { id } of due) this.end(id);
  }

  #freshLease(): number {
    do this.#leaseLast++; while (this.leases.some(({ id }) => id === this.#leaseLast));
    return this.#leaseLast;
  }

  #carryOut({ compare, success, failure }: Txn, draft: Draft): Outcome {
    const succeeded = compare.every((each) => holds(draft.picture, each));
    const results = (succeeded ? success : failure).map((each) => this.#do(each, draft));
    return { succeeded, results };
  }

  #do(operation: Operation, draft: Draft): Result {
    const { picture } = draft;
    switch (operation.do) {
      case "get":
        return { do: "get", found: picture.get(operation.key) ?? null };
      case "put": {
        const { key, value, prevKv } = operation;
        const before = picture.get(key) ?? null;
        const written = this.#write(draft, { key, value, lease: this.#leaseFor(operation, draft) });
        return prevKv ? { do: "put", written, prevKv: before } : { do: "put", written };
      }
      case "delete": {
        const gone = versionsIn(picture, operation.range);
        for (const { key } of gone) picture.delete(key);
        return { do: "delete", gone, prevKv: operation.prevKv };
      }
      case "range": {
        const { limit, order, keysOnly, countOnly } = operation;
        const found = versionsIn(picture, operation.range);
        const count = found.length;
        if (order === "desc") found.reverse();
        const items = countOnly ? [] : found.slice(0, limit);
        return { do: "range", items, count, more: !countOnly && count > limit, keysOnly };
      }
      case "increment": {
        const { key, delta, min = INT64.min, max = INT64.max } = operation;
        const before = picture.get(key);
        const integer = before === undefined ? 0n : before.value.integer;
        if (integer === null || integer < INT64.min || integer > INT64.max) {
          throw new Failure("not_an_integer");
        }
        const sum = integer + delta;
        if (sum < min || sum > max) throw new Failure("out_of_range");
        const value = jsonValue(`${sum}`);
        const written = this.#write(draft, { key, value, lease: before?.lease ?? null });
        return { do: "increment", written };
      }
      case "txn":
        return { do: "txn", outcome: this.#carryOut(operation.txn, draft) };
    }
  }

  #write({ picture }: Draft, what: Pick<Version, "key" | "value" | "lease">): Version {
    const before = picture.get(what.key);
    const mod = this.revision + 1;
    const version = (before?.version ?? 0) + 1;
    const written = { ...what, create: before?.create ?? mod, mod, version };
    picture.set(what.key, written);
    return written;
  }

  #leaseFor(
    { key, lease, ttl }: { key: string; lease?: number; ttl?: number },
    { picture, known }: Draft,
  ): number | null {
    if (ttl !== undefined) {
      const id = this.#freshLease();
      const ttlMs = ttl * 1_000;
      this.leases.push({ id, ttlMs, endsMs: this.timeMs + ttlMs, ofKey: key });
      return id;
    }
    if (lease === undefined) return null;
    const found = known.find(({ id }) => id === lease);
    const isAnothers = found?.ofKey !== null && picture.get(key)?.lease !== lease;
    if (found === undefined || isAnothers) throw new Failure("lease_not_found");
    return lease;
  }
}

/** A commit under way. */
interface Draft {
  readonly picture: Map<string, Version>;
  /** The leases that were there before it. */
  readonly known: readonly Lease[];
}

function versionsIn(picture: Picture, range: Range): Version[] {
  return [...picture.values()].filter(({ key }) => isIn(range, key))
    .sort((a, b) => byBytes(a.key, b.key));
}

function holds(picture: Picture, { range, target, result, operand }: Compare): boolean {
  const found = versionsIn(picture, range);
  if (target === "count") return stands(found.length - Number(operand), result);
  if (target === "value") {
    const { bytes } = operand as Value;
    return found.length > 0 &&
      found.every(({ value }) => stands(compareBytes(value.bytes, bytes), result));
  }
  const numbers = found.map((version) => version[target] ?? 0);
  return (found.length === 0 ? [0] : numbers).every((each) =>
    stands(each - Number(operand), result)
  );
}

function stands(difference: number, result: Compare["result"]): boolean {
  return {
    "=": difference === 0,
    "!=": difference !== 0,
    "<": difference < 0,
    ">": difference > 0,
  }[result];
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, place) => byte !== b[place]);
  return at < 0 || at >= b.length ? a.length - b.length : a[at]! - b[at]!;
}

/** Whether there is a way through a transaction on which a key may be written twice. */
export function writesTwice({ success, failure }: Txn): boolean {
  return [...waysThrough(success), ...waysThrough(failure)].some((written) =>
    written.some((range, at) => written.slice(at + 1).some((other) => overlap(range, other)))
  );
}

/** What is written on each way through some operations. */
function waysThrough(operations: readonly Operation[]): Range[][] {
  let ways: Range[][] = [[]];
  for (const operation of operations) {
    const next = writtenBy(operation);
    ways = ways.flatMap((way) => next.map((written) => [...way, ...written]));
  }
  return ways;
}

function writtenBy(operation: Operation): Range[][] {
  switch (operation.do) {
    case "put":
    case "increment":
      return [[{ key: operation.key }]];
    case "delete":
      return [[operation.range]];
    case "txn": {
      const { success, failure } = operation.txn;
      return [...waysThrough(success), ...waysThrough(failure)];
    }
    default:
      return [[]];
  }
}
