/**
 * Raft without IO: the protocol's types, and the node that follows it.
 *
 * @module
 */

export * from "./configuration.ts";
export * from "./entry.ts";
export * from "./ids.ts";
export * from "./message.ts";
export * from "./persist.ts";
export * from "./snapshot.ts";
