/**
 * RaftKV without IO: Raft, the key-value state machine, and the replica that joins them.
 *
 * @module
 */

export * from "./assert.ts";
export * from "./limits.ts";
export * from "./ports.ts";
export * from "./random.ts";
export * from "./api/mod.ts";
export * from "./raft/mod.ts";
