/**
 * RaftKV: a strongly consistent, replicated key-value store. Start a node inside your program, or
 * talk to a cluster that runs elsewhere.
 *
 * @example A node of its own, in memory, and a client beside it
 * ```ts no-assert
 * import { connect, loadNodeConfig, startNode } from "@raftkv/raftkv";
 *
 * const config = loadNodeConfig({
 *   flags: { listen: "127.0.0.1:0", data: ":memory:" },
 *   env: {},
 *   file: null,
 * });
 * const node = await startNode(config);
 * const client = connect({ endpoints: [node.url] });
 * await client.put("name", "RaftKV");
 * const found = await client.get("name");
 * console.log(found?.value); // RaftKV
 * await client.close();
 * await node.close();
 * ```
 *
 * @module
 */

export * from "@raftkv/client";
export * from "@raftkv/server";
