/**
 * What a snapshot says about itself (§7). The bytes of the state are storage's business.
 *
 * @module
 */

import type { Configuration } from "./configuration.ts";
import type { LogPosition } from "./ids.ts";

/** Where in the log a snapshot stands, and the configuration in force there. */
export interface SnapshotPoint {
  /** The last entry that the snapshot covers. */
  readonly last: LogPosition;
  /** The configuration in force at that entry. */
  readonly configuration: Configuration;
}

/** A snapshot that is complete and durable. */
export interface SnapshotMeta extends SnapshotPoint {
  /** Size of the state in bytes. */
  readonly sizeBytes: number;
  /** SHA-256 of the state as 64 lower-case hex digits. */
  readonly digest: string;
}

/** One slice of a snapshot on its way to a follower. */
export interface SnapshotChunk {
  /** The snapshot it belongs to. */
  readonly meta: SnapshotMeta;
  /** Where in the state it begins. */
  readonly offsetBytes: number;
  /** Its bytes; empty only if the whole state is. */
  readonly data: Uint8Array;
}
