/**
 * `raftkv wal`: looks into a data directory.
 *
 * @module
 */

import type { DirectoryReport, ReadProgress } from "@raftkv/storage/inspect";
import type { Command, Invocation } from "../command.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { ProgressPainter } from "../progress.ts";
import { runVerb } from "../verbs.ts";
import {
  describeItem,
  describeOutlook,
  describeOwner,
  describeSegment,
  describeSnapshot,
  jsonOfItem,
  jsonOfOutlook,
} from "../wal/dump_lines.ts";

/** Shows what a directory holds, or says whether it is sound. */
export const walCommand: Command = {
  name: "wal",
  summary: "Look into a data directory: every record, or whether all is sound",
  usage: "dump|verify DIR",
  arity: [2, 2],
  flags: () => [],
  details: [
    "dump writes each snapshot, segment and record in a line. verify reads everything, says how each\n" +
    "file is and what a node would do that opens the directory.",
    "Nothing is changed and no lock is taken, so a running node is not disturbed; what it is just\n" +
    "writing shows as a torn tail, as after a crash. The exit code is 5 if anything is damaged. A torn\n" +
    "tail alone is not damage: a node cuts it and loses nothing that was acknowledged.",
  ],
  examples: [
    { line: "raftkv wal verify data/n1", meaning: "Say whether a directory is sound" },
    { line: "raftkv wal dump data/n1 --json", meaning: "Write every record as a line of JSON" },
  ],
  run: (invocation) => runVerb(invocation, { command: "wal", verbs: { dump, verify } }),
};

const loadInspect = () => import("@raftkv/storage/inspect");

async function dump({ output }: Invocation, path: string): Promise<ExitCode> {
  const { dumpDirectory } = await loadInspect();
  let isDamaged = false;
  for await (const item of dumpDirectory(path)) {
    if (item.kind !== "record") isDamaged ||= item.report.condition === "damaged";
    await output.write(output.isJson ? JSON.stringify(jsonOfItem(item)) : describeItem(item));
  }
  return isDamaged ? EXIT.damaged : EXIT.ok;
}

async function verify({ output, surroundings }: Invocation, path: string): Promise<ExitCode> {
  const { inspectDirectory } = await loadInspect();
  const painter = new ProgressPainter(surroundings.stderr);
  const startedMs = performance.now();
  const onProgress = ({ bytesRead, bytesTotal }: ReadProgress) => {
    const count = Math.floor(bytesRead / BYTES_PER_MB);
    const elapsedMs = performance.now() - startedMs;
    painter.paint({ count, unit: "MB", bytes: bytesRead, bytesTotal, elapsedMs });
  };
  const report = await inspectDirectory(path, { onProgress });
  await painter.clear();
  await output.result({
    json: { ...report, outlook: jsonOfOutlook(report.outlook) },
    text: describe(report),
  });
  return report.isDamaged ? EXIT.damaged : EXIT.ok;
}

const BYTES_PER_MB = 1_000_000;

function describe(report: DirectoryReport): string {
  const { segments, snapshots, otherNames, outlook, isDamaged } = report;
  return [
    describeOwner(report),
    ...snapshots.map(describeSnapshot),
    ...segments.map(describeSegment),
    ...otherNames.map((name) => `${name}  not looked at`),
    ...describeOutlook(outlook),
    isDamaged ? "DAMAGED" : "sound",
  ].join("\n");
}
