/**
 * What lies between the doors and the node. A request of any door becomes an {@linkcode Ask}: what the
 * node is to be asked, and how its reply becomes the answer. The doors differ in how requests come
 * in and answers go out, and in nothing else.
 *
 * @module
 */

import { CompactedFailure, KvFailure } from "@raftkv/core/api";
import type { Command, CommandResult, KvReader, Refused } from "@raftkv/core/kv";
import { ReplayedFailure } from "../failures.ts";
import type { CallOptions, Freshness, KvPort, Settle } from "../kv_port.ts";
import type { Served } from "../served.ts";
import type { SlicedText } from "../sliced_text.ts";

/** An answer, as every door gives it. */
export interface Answer {
  /** The body of a response, and the `result` of a message; a large one is still to be written. */
  readonly json: SlicedText;
  /** The revision that it reflects, if it is not the one the node has now. */
  readonly revision?: number;
  /** The revision of the one key it is about, for its entity tag. */
  readonly modRevision?: number;
  /** Whether it is the answer to an earlier sending of the same request. */
  readonly replayed?: true;
}

/** A request on its way: whom to ask for what, and what to make of the reply. */
export type Ask<Result = Answer> =
  | ProposeAsk<Result>
  | ReadAsk<Result>
  | NodeAsk<Result>;

/** Goes through the log. */
export interface ProposeAsk<Result = Answer> extends CallOptions {
  /** Tells it from other requests. */
  readonly kind: "propose";
  /** What to propose. */
  readonly command: Command;
  /** Makes the answer of what became of it. */
  readonly answer: (accepted: Accepted) => Result;
}

/** Looks at the store. */
export interface ReadAsk<Result = Answer> extends CallOptions {
  /** Tells it from other requests. */
  readonly kind: "read";
  /** How fresh it must be. */
  readonly freshness: Freshness;
  /** Makes the answer. It must look at the store in the turn in which it is called. */
  readonly answer: (reader: KvReader) => Result | Promise<Result>;
}

/** Asks the node of itself and its cluster. */
export interface NodeAsk<Result = Answer> {
  /** Tells it from other requests. */
  readonly kind: "node";
  /** Makes the answer. */
  readonly answer: (port: KvPort) => Result | Promise<Result>;
}

/** Any answer to a command but a refusal. */
export type Accepted = Exclude<CommandResult, Refused>;

/** Carries a request out, and calls back once: without a promise where the answer needs none. */
export function start<Result>(port: KvPort, ask: Ask<Result>, settle: Settle<Result>): void {
  switch (ask.kind) {
    case "propose":
      return port.proposeThen(ask.command, ask, {
        resolve: (result, served) =>
          settleWith(settle, () => ask.answer(acceptedOf(result)), served),
        reject: (thrown) => settle.reject(thrown),
      });
    case "read":
      return port.readThen(ask.freshness, ask, {
        resolve: (reader, served) => settleWith(settle, () => ask.answer(reader), served),
        reject: (thrown) => settle.reject(thrown),
      });
    case "node":
      return settleWith(settle, () => ask.answer(port));
  }
}

/**
 * Carries a request out.
 *
 * @throws {KvFailure} if it was refused, or does not come to an answer in time
 */
export function carryOut<Result>(port: KvPort, ask: Ask<Result>): Promise<Carried<Result>> {
  return new Promise((resolve, reject) =>
    start(port, ask, { resolve: (result, served = {}) => resolve({ result, served }), reject })
  );
}

/** What became of a request. */
export interface Carried<Result = Answer> {
  /** Its answer. */
  readonly result: Result;
  /** How it was served. */
  readonly served: Served;
}

function settleWith<Result>(
  settle: Settle<Result>,
  make: () => Result | Promise<Result>,
  served?: Served,
): void {
  let made: Result | Promise<Result>;
  try {
    made = make();
  } catch (thrown) {
    return settle.reject(thrown);
  }
  if (!(made instanceof Promise)) return settle.resolve(made, served);
  made.then((result) => settle.resolve(result, served), (thrown) => settle.reject(thrown));
}

/** The node answered a question that was not put. */
export function unexpected(result: Accepted): never {
  throw new TypeError(`Cannot use the answer to a command: It is of kind ${result.kind}`);
}

/**
 * Any answer but a refusal.
 *
 * @throws {KvFailure} if it is one
 */
function acceptedOf(result: CommandResult): Accepted {
  if (result.kind !== "refused") return result;
  const failure = failureOfRefusal(result);
  throw result.replayed === true && failure instanceof KvFailure
    ? new ReplayedFailure(failure)
    : failure;
}

function failureOfRefusal({ reason, revision = 0 }: Refused): Error {
  switch (reason) {
    case "compacted":
      return new CompactedFailure(revision);
    case "future_revision":
      return new KvFailure(reason, `The store is at revision ${revision}.`);
    case "session_expired":
    case "idempotency_key_reused":
    case "not_an_integer":
    case "out_of_range":
    case "range_too_large":
    case "lease_not_found":
    case "lease_exists":
    case "lease_full":
      return new KvFailure(reason);
    case "malformed":
      return new TypeError("Cannot carry out a command: It was refused as malformed");
  }
}
