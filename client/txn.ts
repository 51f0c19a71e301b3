/**
 * Transactions: conditions, and what is to be done if they hold or do not, at one revision, wholly or
 * not at all. Results are typed by the operations.
 *
 * @module
 */

import type { Compare } from "./compare.ts";
import type { RequestOptions } from "./request_options.ts";
import type { TxnOperation } from "./txn_operation.ts";

/** Operations in their order. */
export type Operations = readonly TxnOperation<unknown>[];

/** The results of operations, in the same order. */
export type ResultsOf<Ops extends Operations> = {
  readonly [At in keyof Ops]: Ops[At] extends TxnOperation<infer Result> ? Result : never;
};

/** What became of a transaction. */
export type TxnResult<Then extends Operations, Else extends Operations> =
  | {
    /** All conditions held. */
    readonly succeeded: true;
    /** One for each operation of `then`. */
    readonly results: ResultsOf<Then>;
    /** The store's revision after it. */
    readonly revision: number;
  }
  | {
    /** A condition did not hold. */
    readonly succeeded: false;
    /** One for each operation of `else`. */
    readonly results: ResultsOf<Else>;
    /** The store's revision after it. */
    readonly revision: number;
  };

/** What a transaction says as it travels. */
export interface TxnFields {
  /** The conditions. */
  readonly compare: readonly unknown[];
  /** What to do if all hold. */
  readonly success: readonly unknown[];
  /** What to do if not. */
  readonly failure: readonly unknown[];
}

/** The answer as it comes. */
export interface TxnAnswer {
  /** Whether all conditions held. */
  readonly succeeded: boolean;
  /** One for each operation that was carried out. */
  readonly responses: readonly Readonly<Record<string, unknown>>[];
  /** The store's revision after it. */
  readonly revision: number;
}

/** Carries a transaction to the store. */
export type SendTxn = (fields: TxnFields, options: RequestOptions) => Promise<TxnAnswer>;

/**
 * A transaction in the making. It is a value: each method returns another one, and
 * {@linkcode Txn.commit} carries it out.
 *
 * ```ts
 * import { connect, get, put, when } from "@raftkv/client";
 *
 * await using kv = connect({ endpoints: ["http://localhost:8001"] });
 * const claimed = await kv.txn()
 *   .if(when("jobs/7/owner").isMissing())
 *   .then(put("jobs/7/owner", "worker-1"))
 *   .else(get("jobs/7/owner"))
 *   .commit();
 * if (!claimed.succeeded) console.log(`taken by ${claimed.results[0]?.value}`);
 * ```
 */
export class Txn<Then extends Operations = readonly [], Else extends Operations = readonly []> {
  readonly #send: SendTxn;
  readonly #compares: readonly Compare[];
  readonly #then: Then;
  readonly #else: Else;

  /**
   * Begins with these parts.
   *
   * @param send Carries it out.
   */
  constructor(send: SendTxn, parts: {
    readonly compares: readonly Compare[];
    readonly then: Then;
    readonly else: Else;
  }) {
    this.#send = send;
    this.#compares = parts.compares;
    this.#then = parts.then;
    this.#else = parts.else;
  }

  /** Adds conditions: all must hold. */
  if(...compares: readonly Compare[]): Txn<Then, Else> {
    return this.#with({ compares: [...this.#compares, ...compares] });
  }

  /**
   * Says what to do if all conditions hold.
   *
   * A type checker refuses to `await` what has such a method. Plain JavaScript may do it: a promise
   * calls back functions, which no operation is, and the transaction is carried out.
   */
  then<const Ops extends Operations>(...operations: Ops): Txn<Ops, Else> {
    const [first, second] = operations as readonly unknown[];
    if (typeof first !== "function") return this.#with({ then: operations });
    return this.commit().then(first as never, second as never) as never;
  }

  /** Says what to do if a condition does not hold. */
  else<const Ops extends Operations>(...operations: Ops): Txn<Then, Ops> {
    return this.#with({ else: operations });
  }

  /**
   * Carries it out.
   *
   * @throws {KvError} `duplicate_key`, `too_many_operations` and whatever else a write may meet
   */
  async commit(options: RequestOptions = {}): Promise<TxnResult<Then, Else>> {
    const answer = await this.#send({
      compare: this.#compares.map(({ json }) => json),
      success: this.#then.map(({ json }) => json),
      failure: this.#else.map(({ json }) => json),
    }, options);
    const { succeeded, revision, responses } = answer;
    const operations: Operations = succeeded ? this.#then : this.#else;
    const results = operations.map(({ read }, at) => {
      const [response] = Object.values(responses[at] ?? {});
      return read(response as never);
    });
    return { succeeded, results, revision } as unknown as TxnResult<Then, Else>;
  }

  #with<NewThen extends Operations = Then, NewElse extends Operations = Else>(changes: {
    readonly compares?: readonly Compare[];
    readonly then?: NewThen;
    readonly else?: NewElse;
  }): Txn<NewThen, NewElse> {
    const { compares = this.#compares, then = this.#then, else: otherwise = this.#else } = changes;
    return new Txn(this.#send, {
      compares,
      then: then as NewThen,
      else: otherwise as NewElse,
    });
  }
}
