/**
 * What a node is told when it is built.
 *
 * @module
 */

import type { Random } from "../random.ts";
import type { Instant } from "./instant.ts";
import type { Configuration } from "./configuration.ts";
import type { NodeId } from "./ids.ts";
import type { DurableState } from "./persist.ts";

/** The protocol's clocks and windows. */
export interface RaftTiming {
  /** How often a leader speaks to each peer, in milliseconds. */
  readonly heartbeatMs: number;
  /** Shortest silence after which a follower campaigns; also how long votes are withheld. */
  readonly electionTimeoutMsMin: number;
  /** Longest such silence. */
  readonly electionTimeoutMsMax: number;
  /**
   * Given, it turns lease reads on: by how many milliseconds the clocks of two members may run apart
   * within `electionTimeoutMsMin`, at the most. Less than that timeout; the same on every member. A
   * leader that is gone is then not replaced before that timeout.
   */
  readonly leaseDriftMs?: number;
}

/** How much may be under way at once. */
export interface RaftWindows {
  /** Most append messages to one follower that are not yet answered. */
  readonly inFlightMessagesMax: number;
  /** Most bytes of entries to one follower that are not yet answered. */
  readonly inFlightBytesMax: number;
  /** Most bytes of entries in one append message, unless a single entry is larger. */
  readonly appendBytesMax: number;
  /** Bytes of uncommitted entries beyond which a leader refuses proposals. */
  readonly uncommittedBytesMax: number;
}

/** Everything a node needs to start. */
export interface RaftOptions {
  /** The node to be. */
  readonly id: NodeId;
  /** Names the life of its data directory; not given where directories are never lost. */
  readonly incarnation?: string;
  /** The members at the beginning of the log, used while no snapshot says otherwise. */
  readonly initialConfiguration: Configuration;
  /** What storage recovered. */
  readonly recovered: DurableState;
  /** Its clocks. */
  readonly timing: RaftTiming;
  /** How much it may have under way. */
  readonly windows: RaftWindows;
  /** Draws the election timeouts. */
  readonly random: Random;
  /** The clocks at the start. */
  readonly now: Instant;
}

/** The defaults of a cluster in one place (DESIGN: heartbeat 100 ms, election 1 to 2 s). */
export const DEFAULT_TIMING: RaftTiming = {
  heartbeatMs: 100,
  electionTimeoutMsMin: 1_000,
  electionTimeoutMsMax: 2_000,
};

/** Windows that suit a local network. */
export const DEFAULT_WINDOWS: RaftWindows = {
  inFlightMessagesMax: 64,
  inFlightBytesMax: 8 * 1024 * 1024,
  appendBytesMax: 1024 * 1024,
  uncommittedBytesMax: 64 * 1024 * 1024,
};

/**
 * Checks what the type checker cannot.
 *
 * @throws {RangeError} if a value is out of range or two contradict each other
 */
export function validateRaftOptions(options: RaftOptions): void {
  const { heartbeatMs, electionTimeoutMsMin, electionTimeoutMsMax } = options.timing;
  if (!(heartbeatMs >= 1)) {
    throw new RangeError(`Cannot start the node: heartbeatMs must be at least 1: ${heartbeatMs}`);
  }
  // Below a few heartbeats one delayed message deposes a healthy leader.
  if (!(electionTimeoutMsMin >= 3 * heartbeatMs)) {
    throw new RangeError(
      `Cannot start the node: electionTimeoutMsMin must be at least three heartbeats: ${electionTimeoutMsMin}`,
    );
  }
  if (!(electionTimeoutMsMax > electionTimeoutMsMin)) {
    throw new RangeError(
      `Cannot start the node: electionTimeoutMsMax must exceed electionTimeoutMsMin: ${electionTimeoutMsMax}`,
    );
  }
  const { leaseDriftMs = 1 } = options.timing;
  if (!(leaseDriftMs > 0 && leaseDriftMs < electionTimeoutMsMin)) {
    throw new RangeError(
      `Cannot start the node: leaseDriftMs must lie between 0 and electionTimeoutMsMin: ${leaseDriftMs}`,
    );
  }
}
