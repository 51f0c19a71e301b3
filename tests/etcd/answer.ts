/**
 * What both stores answer, in one form: the fields that both have.
 *
 * @module
 */

/** A key as both show it. */
export interface Kv {
  readonly key: string;
  /** Empty if only keys were asked for. */
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0 if it has none. */
  readonly lease: number;
}

/** The answer to one operation of a transaction. */
export type OpAnswer =
  | { readonly op: "put" }
  | { readonly op: "delete"; readonly deleted: number; readonly prevKvs: readonly Kv[] }
  | {
    readonly op: "range";
    readonly items: readonly Kv[];
    readonly count: number;
    readonly more: boolean;
  }
  | {
    readonly op: "txn";
    readonly succeeded: boolean;
    readonly responses: readonly OpAnswer[];
  };

/** The answer to a step. */
export type Answer =
  | { readonly failed: Failure }
  | ({ readonly revision: number } & Body);

/** Why a step was refused. */
export type Failure =
  | "compacted"
  | "future_revision"
  | "lease_not_found"
  | "lease_exists"
  | "duplicate_key";

type Body =
  | { readonly kind: "put"; readonly prevKv: Kv | null }
  | { readonly kind: "delete"; readonly deleted: number; readonly prevKvs: readonly Kv[] }
  | { readonly kind: "range"; readonly items: readonly Kv[] }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "txn"; readonly succeeded: boolean; readonly responses: readonly OpAnswer[] }
  | { readonly kind: "grant" | "keepalive"; readonly lease: number; readonly ttl: number }
  | { readonly kind: "revoke" | "compact" }
  | {
    readonly kind: "timetolive";
    readonly lease: number;
    readonly grantedTtl: number;
    readonly keys: readonly string[];
  }
  | { readonly kind: "leases"; readonly leases: readonly number[] };
