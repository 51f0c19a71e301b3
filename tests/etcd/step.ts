/**
 * What both stores can be asked, drawn at random: a few keys, small values, and now and then a
 * revision, lease or compaction that cannot be.
 *
 * @module
 */

import type { Random } from "../../core/random.ts";

/** The keys of a request: one, or from `key` to before `end`. */
export interface Keys {
  readonly key: string;
  readonly end?: string;
}

/** What one step may ask within a transaction, too. */
export type Op =
  | { readonly op: "put"; readonly key: string; readonly value: string; readonly lease?: number }
  | ({ readonly op: "delete"; readonly prevKv: boolean } & Keys)
  | ({
    readonly op: "range";
    readonly limit: number;
    readonly order: "asc" | "desc";
    readonly keysOnly: boolean;
    readonly countOnly: boolean;
  } & Keys)
  | ({ readonly op: "txn" } & Txn);

/** One comparison. */
export type Compare = Keys & {
  readonly target: "version" | "create" | "mod" | "lease" | "value";
  readonly result: "=" | "!=" | "<" | ">";
  readonly operand: number | string;
};

/** Comparisons and two branches. */
export interface Txn {
  readonly compare: readonly Compare[];
  readonly success: readonly Op[];
  readonly failure: readonly Op[];
}

/** One request to both stores. */
export type Step =
  | {
    readonly kind: "put";
    readonly key: string;
    readonly value: string;
    readonly lease?: number;
    readonly prevKv: boolean;
  }
  | ({ readonly kind: "delete"; readonly prevKv: boolean } & Keys)
  | ({
    readonly kind: "range";
    readonly revision?: number;
    readonly limit: number;
    readonly order: "asc" | "desc";
    readonly keysOnly: boolean;
  } & Keys)
  | ({ readonly kind: "count"; readonly revision?: number } & Keys)
  | { readonly kind: "txn"; readonly txn: Txn }
  | { readonly kind: "grant"; readonly lease: number; readonly ttl: number }
  | { readonly kind: "revoke"; readonly lease: number }
  | { readonly kind: "keepalive"; readonly lease: number }
  | { readonly kind: "timetolive"; readonly lease: number }
  | { readonly kind: "leases" }
  | { readonly kind: "compact"; readonly revision: number };

/** Behind every key that a range may name. */
export const BEHIND_ALL = "\u{10ffff}";

const KEYS = ["\0", "a", "a\0", "a/1", "a/2", "ab", "b", "é", "日本", "🦕"];
/** Compared by nested transactions, and written by none. */
const KEYS_NESTED = [`${BEHIND_ALL}1`, `${BEHIND_ALL}2`];
const ALL_KEYS = [...KEYS, ...KEYS_NESTED];
const VALUES = ["", "0", "1", "v", "{}", "null", "\0", "é", '\\"', "long ".repeat(40)];
const LEASES = 5;

/** Draws steps; `revision` is that of the stores. */
export class Steps {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The next step. */
  draw(revision: number): Step {
    const dice = this.#random();
    if (dice < 0.28) return { kind: "put", ...this.#put(ALL_KEYS), prevKv: this.#flag() };
    if (dice < 0.38) return { kind: "delete", ...this.#keys(), prevKv: this.#flag() };
    if (dice < 0.56) {
      return { kind: "range", ...this.#keys(), ...this.#revision(revision), ...this.#page() };
    }
    if (dice < 0.62) return { kind: "count", ...this.#keys(), ...this.#revision(revision) };
    if (dice < 0.84) return { kind: "txn", txn: this.#txn() };
    const lease = this.#lease();
    if (dice < 0.88) return { kind: "grant", lease, ttl: 1_000 + this.#upTo(9) };
    if (dice < 0.9) return { kind: "revoke", lease };
    if (dice < 0.92) return { kind: "keepalive", lease };
    if (dice < 0.95) return { kind: "timetolive", lease };
    if (dice < 0.97) return { kind: "leases" };
    return { kind: "compact", revision: Math.max(1, revision + 2 - this.#upTo(30)) };
  }

  #put(keys: readonly string[]) {
    const lease = this.#random() < 0.3 ? { lease: this.#lease() } : {};
    const key = this.#oneOf(keys);
    return { key, value: this.#oneOf(VALUES), ...lease };
  }

  #txn(): Txn {
    const compare = Array.from({ length: this.#upTo(2) }, () => this.#compare(KEYS));
    return { compare, success: this.#ops(true), failure: this.#ops(true) };
  }

  /**
   * At most one deletion, and none in a nested transaction behind another: RaftKV refuses whatever may
   * write a key twice; etcd lets two deletions pass, and a deletion of what the transaction nested
   * before puts.
   */
  #ops(mayNest: boolean): Op[] {
    const ops = Array.from({ length: this.#upTo(4) }, () => this.#op(mayNest));
    let deletions = 0;
    const isFirstNested = (op: Op) => op === ops.find((each) => each.op === "txn");
    return ops.filter((op) =>
      !deletesIn(op) || ((op.op !== "txn" || isFirstNested(op)) && ++deletions === 1)
    );
  }

  #op(mayNest: boolean): Op {
    const dice = this.#random();
    if (dice < 0.4) return { op: "put", ...this.#put(KEYS) };
    if (dice < 0.55) return { op: "delete", ...this.#keys(), prevKv: this.#flag() };
    if (dice < 0.85 || !mayNest) {
      return { op: "range", ...this.#keys(), ...this.#page(), countOnly: this.#random() < 0.2 };
    }
    // etcd compares before it carries out anything, RaftKV as it goes: the keys that are compared
    // within are those that no transaction writes.
    const compare = Array.from({ length: this.#upTo(1) }, () => this.#compare(KEYS_NESTED));
    return { op: "txn", compare, success: this.#ops(false), failure: this.#ops(false) };
  }

  #compare(keys: readonly string[]): Compare {
    const range = this.#random() < 0.7 ? { key: this.#oneOf(keys) } : this.#keys();
    const where = keys === KEYS_NESTED ? { key: this.#oneOf(keys) } : range;
    const result = this.#oneOf(["=", "!=", "<", ">"] as const);
    if (this.#random() < 0.3) {
      return { ...where, target: "value", result, operand: this.#oneOf(VALUES) };
    }
    const target = this.#oneOf(["version", "create", "mod", "lease"] as const);
    return { ...where, target, result, operand: this.#upTo(target === "version" ? 3 : 40) };
  }

  #keys(): Keys {
    const dice = this.#random();
    if (dice < 0.45) return { key: this.#oneOf(KEYS) };
    if (dice < 0.6) return { key: "\0", end: BEHIND_ALL };
    // A prefix.
    if (dice < 0.75) return { key: "a", end: "b" };
    // To etcd, an end of one zero byte is no end at all.
    return { key: this.#oneOf(KEYS), end: this.#oneOf(KEYS.slice(1)) };
  }

  #page() {
    return {
      limit: this.#random() < 0.5 ? 1_000 : 1 + this.#upTo(3),
      order: this.#oneOf(["asc", "desc"] as const),
      keysOnly: this.#random() < 0.3,
    };
  }

  #revision(revision: number): { readonly revision?: number } {
    if (this.#random() < 0.5) return {};
    return { revision: Math.max(1, revision + 3 - this.#upTo(40)) };
  }

  #lease(): number {
    return 1 + this.#upTo(LEASES - 1);
  }

  #flag(): boolean {
    return this.#random() < 0.5;
  }

  #upTo(max: number): number {
    return Math.floor(this.#random() * (max + 1));
  }

  #oneOf<T>(choices: readonly T[]): T {
    return choices[this.#upTo(choices.length - 1)]!;
  }
}

function deletesIn(op: Op): boolean {
  if (op.op !== "txn") return op.op === "delete";
  return [...op.success, ...op.failure].some(deletesIn);
}
