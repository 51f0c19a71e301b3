/**
 * Stores without a disk: a twin of the store, and a file system in memory for the real one.
 *
 * @module
 */

export { MemoryStore } from "./memory_store.ts";
export { type DiskOperation, MemoryVfs } from "./memory_vfs.ts";
export { nextTurn } from "./event_loop.ts";
