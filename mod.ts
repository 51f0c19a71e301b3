/**
 * RaftKV: a strongly consistent, replicated key-value store. Open a node inside your program, or
 * talk to a cluster that runs elsewhere: the store has one interface.
 *
 * @example A store of its own, in memory
 * ```ts no-assert
 * import { RaftKV } from "@raftkv/raftkv";
 *
 * await using kv = await RaftKV.open();
 * await kv.put("name", "RaftKV");
 * const found = await kv.get("name");
 * console.log(found?.value); // RaftKV
 * ```
 *
 * @example A cluster elsewhere
 * ```ts no-assert
 * import { connect } from "@raftkv/raftkv";
 *
 * await using kv = connect({ endpoints: ["http://localhost:8001"] });
 * await using lock = await kv.lock("nightly-report");
 * console.log(`no earlier holder has as great a token as ${lock.token}`);
 * ```
 *
 * @module
 */

export * from "@raftkv/client";
export * from "@raftkv/embed";
export * from "@raftkv/server";
