/**
 * The durable half of a node on disk: an append-only log in segments, and snapshots. FORMAT.md
 * describes every byte.
 *
 * @module
 */

export * from "./errors.ts";
export { openIncarnation } from "./incarnation.ts";
export { readJoining, writeJoining } from "./joining.ts";
export type { NodeIdentity } from "./identity.ts";
export { openStore, readIdentity, type StoreOptions } from "./open_store.ts";
export type { ReadProgress } from "./read_progress.ts";
export type { Pause } from "./snapshot_pace.ts";
export { type Directory, type File, type Lock, NoSpaceError, type Vfs } from "./vfs.ts";
