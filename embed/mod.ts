/**
 * A node inside your program, behind the interface of the client.
 *
 * ```ts
 * import { RaftKV } from "@raftkv/embed";
 *
 * await using kv = await RaftKV.open();
 * await kv.put("name", "RaftKV");
 * console.log((await kv.get("name"))?.value); // RaftKV
 * ```
 *
 * @module
 */

export * from "./define_state_machine.ts";
export * from "./machine_group.ts";
export * from "./raftkv.ts";
