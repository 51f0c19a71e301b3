/**
 * What is found in a data directory as lines: JSON for programs, text for people.
 *
 * @module
 */

import type { HardState, LogPosition } from "@raftkv/core/raft";
import type {
  DirectoryReport,
  DumpItem,
  LogRecord,
  Outlook,
  SegmentReport,
  SnapshotReport,
} from "@raftkv/storage/inspect";
import { contentOf, describeEntry } from "./entry_lines.ts";

/** One thing found, as JSON. */
export function jsonOfItem(item: DumpItem): unknown {
  if (item.kind !== "record") return { kind: item.kind, ...item.report };
  const { name, offsetBytes, record, isWhole } = item;
  return { kind: record.kind, file: name, offsetBytes, isWhole, ...fieldsOf(record) };
}

/** One thing found, as one line. */
export function describeItem(item: DumpItem): string {
  if (item.kind === "snapshot") return describeSnapshot(item.report);
  if (item.kind === "segment") return describeSegment(item.report);
  const torn = item.isWhole ? "" : "  (in a batch that is not whole: it does not count)";
  return `  ${String(item.offsetBytes).padStart(10)}  ${describeRecord(item.record)}${torn}`;
}

/** A snapshot's line. */
export function describeSnapshot(report: SnapshotReport): string {
  const { name, sizeBytes, condition, meta, reason } = report;
  const content = meta === null
    ? ""
    : `  up to ${position(meta.last)}, voters ${meta.configuration.voters.join(",")}, ` +
      `SHA-256 ${meta.digest}`;
  return `${name}  ${condition}  ${sizeBytes} bytes${content}${
    reason === null ? "" : `  ${reason}`
  }`;
}

/** A segment's line. */
export function describeSegment({ name, sizeBytes, condition, content, damage }: SegmentReport) {
  const inside = content === null
    ? ""
    : `  ${content.entryCount} entries after ${position(content.previous)} up to ` +
      `${position(content.last)}, ${describeHardState(content.hardState)}` +
      `${content.isSealed ? ", sealed" : ""}${content.startsAnew ? ", starts anew" : ""}`;
  const wrong = damage === null ? "" : `  at byte ${damage.offsetBytes}: ${damage.reason}`;
  return `${name}  ${condition}  ${sizeBytes} bytes${inside}${wrong}`;
}

/** What opening the directory would do, as JSON. */
export function jsonOfOutlook(outlook: Outlook): unknown {
  if (outlook.kind !== "refused") return outlook;
  const { name, message } = outlook.error;
  return { kind: outlook.kind, error: name, message };
}

/** The same as lines. */
export function describeOutlook(outlook: Outlook): readonly string[] {
  switch (outlook.kind) {
    case "empty":
      return ["Nothing is in it: a node that opens it begins a log"];
    case "refused":
      return [`A node would refuse it: ${outlook.error.message}`];
    case "opens": {
      const { base, last, lost, isStateLost, snapshot, hardState, mends } = outlook;
      const from = snapshot === null ? "" : `the snapshot up to ${position(snapshot.last)} and `;
      return [
        ...mends.map((mend) => `A node that opens it mends it: ${mend}`),
        ...describeLost(lost),
        ...(isStateLost
          ? [`No sound snapshot reaches its log: it waits for one from the leader`]
          : []),
        `A node that opens it begins with ${from}the log after ${position(base)} up to ` +
        `${position(last)}, ${describeHardState(hardState)}`,
      ];
    }
  }
}

function describeLost(lost: readonly LogPosition[]): readonly string[] {
  const [first] = lost;
  if (first === undefined) return [];
  const which = lost.length === 1
    ? `Entry ${first.index} is`
    : `${lost.length} entries from ${first.index} to ${lost.at(-1)!.index} are`;
  return [`${which} damaged, to be had from the other members; until then the node does not lead`];
}

/** Whose a directory is. */
export function describeOwner({ path, identity }: DirectoryReport): string {
  return identity === null
    ? path
    : `${path}: node ${identity.nodeId} of cluster ${identity.clusterId}`;
}

function fieldsOf(record: LogRecord): object {
  switch (record.kind) {
    case "entry":
    case "repair": {
      const { index, term, timeMs, kind } = record.entry;
      const { previousTerm, entry } = record;
      return { index, term, timeMs, entryKind: kind, previousTerm, content: contentOf(entry) };
    }
    case "hard_state":
      return record.hardState;
    case "commit":
      return record.commit;
    case "seal":
      return {};
  }
}

function describeRecord(record: LogRecord): string {
  switch (record.kind) {
    case "entry":
      return describeEntry(record.entry);
    case "repair":
      return `${describeEntry(record.entry)}  (again, in place of one that is damaged)`;
    case "hard_state":
      return `hard state  ${describeHardState(record.hardState)}`;
    case "commit":
      return `commit  the log ends with ${position(record.commit.last)}, ` +
        `durable up to byte ${record.commit.durableBytes}`;
    case "seal":
      return "seal  another segment follows";
  }
}

function describeHardState(hardState: HardState | null): string {
  if (hardState === null) return "a last vote that may be damaged";
  const { term, votedFor } = hardState;
  return `term ${term}${votedFor === null ? "" : `, voted for ${votedFor}`}`;
}

function position({ index, term }: LogPosition): string {
  return index === 0 ? "the beginning" : `${index} of term ${term}`;
}
