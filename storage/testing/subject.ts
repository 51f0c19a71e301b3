/**
 * What the contract suite needs of an implementation.
 *
 * @module
 */

import type { Store } from "@raftkv/core";

/** An implementation under test. */
export interface StoreSubject {
  /** Its name in the test's. */
  readonly name: string;
  /** Prepares a place in which a store can be opened again and again. */
  prepare(): Promise<StorePlace>;
}

/** A place for one store at a time. */
export interface StorePlace {
  /** Opens the store on whatever the place holds. */
  open(): Promise<Store>;
  /** Ends the open store as abruptly as the implementation allows. */
  crash(): Promise<void>;
  /** Removes everything; no store is open. */
  dispose(): Promise<void>;
}

/** Registers a test; `Deno.test` is one. */
export type RegisterTest = (name: string, body: () => Promise<void>) => void;

/** A test of the contract. */
export interface StoreCase {
  /** The rule, as a sentence. */
  readonly rule: string;
  /** Tries it. */
  readonly run: (place: StorePlace) => Promise<void>;
}
