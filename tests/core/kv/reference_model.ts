/**
 * The store as one would write it who had no memory to save and no time to lose: the whole map is
 * copied at each revision, and every read is a filter over a sorted list.
 *
 * @module
 */

import {
  type Branches,
  type Compare,
  type Key,
  keyAfter,
  type KeyRange,
  type KvRecord,
  type Operation,
  type OperationResult,
  type RefusalReason,
} from "@raftkv/core/kv";

/** The whole state as of one revision. */
export type Picture = ReadonlyMap<Key, KvRecord>;

interface Outcome {
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}

/** All pictures since the beginning, and from which one on they may be looked at. */
export class ReferenceModel {
  readonly #pictures: Picture[] = [new Map(), new Map()];
  compactRevision = 0;

  get revision(): number {
    return this.#pictures.length - 1;
  }

  /** What stood there at `revision`. */
  at(revision: number): Picture {
    return this.#pictures[revision]!;
  }

  /** What becomes of a commit, or why it is refused. */
  commit(branches: Branches): Outcome | RefusalReason {
    const picture = new Map(this.at(this.revision));
    const draft = new DraftPicture(picture, this.revision + 1);
    try {
      const outcome = draft.carryOut(branches);
      this.#pictures.push(picture);
      return outcome;
    } catch (error) {
      if (error instanceof Refusal) return error.reason;
      throw error;
    }
  }

  range(revision: number, bounds: KeyRange): KvRecord[] {
    return recordsIn(this.at(revision), bounds);
  }
}

class Refusal extends Error {
  constructor(readonly reason: RefusalReason) {
    super(reason);
  }
}

class DraftPicture {
  constructor(readonly picture: Map<Key, KvRecord>, readonly revision: number) {}

  carryOut({ compares = [], operations, otherwise = [] }: Branches): Outcome {
    const succeeded = compares.every((compare) => this.#holds(compare));
    const taken = succeeded ? operations : otherwise;
    return { succeeded, results: taken.map((operation) => this.#do(operation)) };
  }

  #holds(compare: Compare): boolean {
    const { relation } = compare;
    const found = recordsIn(this.picture, compare);
    if (compare.target === "count") return stands(found.length - compare.operand, relation);
    if (compare.target === "value") {
      const { operand } = compare;
      return found.length > 0 &&
        found.every(({ value }) => stands(compareBytes(value, operand), relation));
    }
    const { target, operand } = compare;
    const numbers = found.map((record) =>
      ({
        version: record.version,
        create: record.createRevision,
        mod: record.modRevision,
        lease: 0,
      })[target]
    );
    return (found.length === 0 ? [0] : numbers).every((number) =>
      stands(number - operand, relation)
    );
  }

  #do(operation: Operation): OperationResult {
    switch (operation.kind) {
      case "put": {
        const prevKv = this.picture.get(operation.key) ?? null;
        const written = this.#write(operation.key, operation);
        return { kind: "put", ...written, ...(operation.prevKv === true ? { prevKv } : {}) };
      }
      case "delete":
        return this.#delete({ start: operation.key, end: keyAfter(operation.key) }, operation);
      case "delete_range":
        return this.#delete(operation, operation);
      case "get":
        return { kind: "get", record: this.picture.get(operation.key) ?? null };
      case "range": {
        const { limit, descending, keysOnly, countOnly } = operation;
        const found = recordsIn(this.picture, operation);
        if (descending) found.reverse();
        const shown = countOnly
          ? []
          : found.slice(0, limit).map((record) =>
            keysOnly ? { ...record, value: new Uint8Array() } : record
          );
        const more = !countOnly && found.length > limit;
        return { kind: "range", records: shown, count: found.length, more, keysOnly };
      }
      case "increment": {
        const before = this.picture.get(operation.key);
        const text = before === undefined ? "0" : new TextDecoder().decode(before.value);
        const isInteger = (before?.encoding ?? "json") === "json" && /^(0|-?[1-9]\d*)$/.test(text);
        if (!isInteger || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) {
          throw new Refusal("not_an_integer");
        }
        const value = BigInt(text) + operation.delta;
        const isWithin = BigInt.asIntN(64, value) === value &&
          value >= (operation.min ?? value) && value <= (operation.max ?? value);
        if (!isWithin) throw new Refusal("out_of_range");
        const bytes = new TextEncoder().encode(`${value}`);
        const written = this.#write(operation.key, { value: bytes, encoding: "json" });
        return { kind: "increment", value, ...written };
      }
      case "commit":
        return { kind: "commit", ...this.carryOut(operation) };
    }
  }

  #write(key: Key, { value, encoding }: Pick<KvRecord, "value" | "encoding">) {
    const before = this.picture.get(key);
    const modRevision = this.revision;
    const createRevision = before === undefined ? modRevision : before.createRevision;
    const version = before === undefined ? 1 : before.version + 1;
    this.picture.set(key, { key, value, encoding, createRevision, modRevision, version });
    return { createRevision, modRevision, version };
  }

  #delete(range: KeyRange, { prevKv }: { readonly prevKv?: true }): OperationResult {
    const prevKvs = recordsIn(this.picture, range);
    for (const { key } of prevKvs) this.picture.delete(key);
    const deleted = prevKvs.length;
    return { kind: "delete", deleted, ...(prevKv === true ? { prevKvs } : {}) };
  }
}

function recordsIn(picture: Picture, { start, end }: KeyRange): KvRecord[] {
  return [...picture.values()]
    .filter(({ key }) => key >= start && (end === null || key < end))
    .sort((a, b) => a.key < b.key ? -1 : 1);
}

function stands(difference: number, relation: Compare["relation"]): boolean {
  return {
    "=": difference === 0,
    "!=": difference !== 0,
    "<": difference < 0,
    ">": difference > 0,
  }[relation];
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 || at >= b.length ? a.length - b.length : a[at]! - b[at]!;
}
