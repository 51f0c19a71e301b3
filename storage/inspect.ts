/**
 * Looks into a data directory without changing or locking it: what each file holds, whether it is
 * sound, and what opening the directory would do about it.
 *
 * A directory in use may be looked into. Its lock is not even tried: to hold it for a moment could
 * turn away a node that starts just then. What is being written meanwhile shows as a torn tail, as
 * it would after a crash at that moment.
 *
 * @module
 */

export { inspectDirectory, type InspectOptions } from "./inspection.ts";
export type {
  Condition,
  DirectoryReport,
  Outlook,
  SegmentReport,
  SnapshotReport,
} from "./inspection_report.ts";
export { dumpDirectory, type DumpItem } from "./dump.ts";
export type { Commit, LogRecord } from "./record.ts";
export type { ReadProgress } from "./read_progress.ts";
export type { NodeIdentity } from "./identity.ts";
