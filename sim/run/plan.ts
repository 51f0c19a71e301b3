/**
 * What a seed decides before the first event: the cluster, its clocks and windows, and which faults
 * rage for how long.
 *
 * @module
 */

import { pcg32 } from "@raftkv/core";
import {
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type RaftTiming,
  type RaftWindows,
} from "@raftkv/core/raft";
import { DISK_FAULTS } from "./disk_faults.ts";
import { FAULT_CLASSES } from "./faults.ts";

/** The draw of one seed. */
export interface Plan {
  /** The seed. */
  readonly seed: number;
  /** How many voters there are at first. */
  readonly size: number;
  /** Heartbeats and timeouts. */
  readonly timing: RaftTiming;
  /** How much may be under way. */
  readonly windows: RaftWindows;
  /** Applied bytes of log after which a snapshot is due. */
  readonly snapshotLogBytesMin: number;
  /** Size of a snapshot's chunks. */
  readonly snapshotChunkBytes: number;
  /** Size of a log segment, if the run stands on the production store over files. */
  readonly segmentBytesMax: number | undefined;
  /** The classes of faults that rage, by name. */
  readonly faults: readonly string[];
  /** How long they rage, in milliseconds. */
  readonly stormMs: number;
  /** The mean time between two deeds of the workload, in milliseconds. */
  readonly actMsMean: number;
}

/** What of a draw is to be left out or cut short. */
export interface PlanLimits {
  /** Classes of faults that must not rage. */
  readonly without?: readonly string[];
  /** The longest storm, in milliseconds. */
  readonly stormMsMax?: number;
}

/**
 * How many runs stand on the production store, which costs half as much again: many of those in which
 * files are to fail, for in the others they cannot.
 */
const FILES_SHARES = { failing: 0.5, sound: 0.05 };

/**
 * One entry a message, two messages at once: logs are compared and mended bit by bit. And a leader that
 * cannot commit refuses commands after a dozen or so.
 */
const NARROW_WINDOWS: RaftWindows = {
  ...DEFAULT_WINDOWS,
  inFlightMessagesMax: 2,
  appendBytesMax: 1,
  uncommittedBytesMax: 2_000,
};

/** Timeouts near the delays of the network: elections all the time. */
const HASTY_TIMING: RaftTiming = {
  heartbeatMs: 20,
  electionTimeoutMsMin: 100,
  electionTimeoutMsMax: 250,
};

/**
 * The same with lease reads. Clocks that do not run apart are trusted to the last millisecond; between
 * rates of 0.9 and 1.1 they come apart by less than a quarter.
 */
function withLeases(timing: RaftTiming, clocksRunApart: boolean): RaftTiming {
  return { ...timing, leaseDriftMs: clocksRunApart ? timing.electionTimeoutMsMin / 4 : 1 };
}

/** A wide-area network's: less happens in the same time. */
const PATIENT_TIMING: RaftTiming = {
  heartbeatMs: 300,
  electionTimeoutMsMin: 1_500,
  electionTimeoutMsMax: 3_000,
};

const PACES = [
  ...[DEFAULT_TIMING, DEFAULT_TIMING, DEFAULT_TIMING, DEFAULT_TIMING],
  ...[PATIENT_TIMING, PATIENT_TIMING],
  HASTY_TIMING,
];

/** Draws the plan of a seed. */
export function planOf(seed: number, limits: PlanLimits = {}): Plan {
  const random = pcg32(2 * seed + 1);
  const either = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)] as T;
  const size = either(1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7);
  const pace = either(...PACES);
  // Some runs are calm except for one or two faults, some have nearly all.
  const share = either(0.05, 0.1, 0.2, 0.2, 0.35, 0.35, 0.5, 0.8);
  const drawn = FAULT_CLASSES.filter(() => random() < share).map(({ name }) => name);
  const filesFail = DISK_FAULTS.some(({ name }) => drawn.includes(name));
  const filesShare = filesFail ? FILES_SHARES.failing : FILES_SHARES.sound;
  const calm = Math.round(25_000 * Math.pow(16, random()));
  const plan = {
    seed,
    size,
    timing: either(true, false) ? withLeases(pace, drawn.includes("clock_rate")) : pace,
    windows: either(DEFAULT_WINDOWS, DEFAULT_WINDOWS, NARROW_WINDOWS),
    snapshotLogBytesMin: either(600, 4_000, 30_000, 1 << 20),
    snapshotChunkBytes: either(100, 1_000, 1 << 20),
    segmentBytesMax: random() < filesShare ? either(1_000, 4_000, 32_000) : undefined,
    // With short heartbeats as much happens in less time.
    stormMs: pace === HASTY_TIMING ? Math.round(calm / 4) : calm,
    actMsMean: 110 * Math.pow(25, random()),
  };
  const { without = [], stormMsMax = Infinity } = limits;
  return {
    ...plan,
    faults: drawn.filter((name) => !without.includes(name)),
    stormMs: Math.min(plan.stormMs, stormMsMax),
  };
}

/** The draw in one line. */
export function describePlan(plan: Plan): string {
  const { size, timing, windows, snapshotLogBytesMin, segmentBytesMax, faults, stormMs } = plan;
  const parts = [
    `${size} node${size === 1 ? "" : "s"}`,
    `${(stormMs / 1_000).toFixed(0)} s`,
    `election ${timing.electionTimeoutMsMin} ms`,
    ...(timing.leaseDriftMs === undefined ? [] : ["lease reads"]),
    ...(windows === NARROW_WINDOWS ? ["narrow windows"] : []),
    ...(segmentBytesMax === undefined ? [] : [`files of ${segmentBytesMax} bytes`]),
    `snapshot each ${snapshotLogBytesMin} bytes`,
    faults.length === 0 ? "no faults" : faults.join(" "),
  ];
  return parts.join(", ");
}
