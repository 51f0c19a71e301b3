/**
 * `raftkv import`: stores keys and values from NDJSON.
 *
 * @module
 */

import { KvError } from "@raftkv/client";
import type { Command, Invocation } from "../command.ts";
import { CommandFailure } from "../failures.ts";
import { connectFor } from "../connection.ts";
import { describeSeconds } from "../duration.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { importLines, type ImportResult } from "../importer.ts";
import { readLines } from "../ndjson.ts";
import { ProgressPainter } from "../progress.ts";

/** Stores what `export` wrote. */
export const importCommand: Command = {
  name: "import",
  summary: "Store keys and values from NDJSON",
  usage: "FILE|-",
  arity: [1, 1],
  flags: () => [],
  details: [
    'Each line is {"key": …, "value": …}; other fields and blank lines are passed over. The first\n' +
    "line that cannot be stored ends the import, and the message names it: all lines before it are\n" +
    "stored, so the import can go on from there, or start over without harm.",
  ],
  examples: [
    { line: "raftkv import backup.ndjson", meaning: "Store what a file holds" },
    {
      line: "raftkv export --node http://localhost:8001 | raftkv import - --node http://db2:8001",
      meaning: "Copy one cluster to another",
    },
    {
      line: "tail -n +613 backup.ndjson | raftkv import -",
      meaning: "Go on from line 613",
    },
  ],
  run: importPairs,
};

async function importPairs(invocation: Invocation): Promise<ExitCode> {
  const { output, surroundings, positionals: [path = "-"] } = invocation;
  const { stream, sizeBytes } = path === "-"
    ? { stream: surroundings.stdin, sizeBytes: undefined }
    : await openInput(invocation, path);
  await using client = connectFor(invocation, { isLong: true });
  const painter = new ProgressPainter(surroundings.stderr);
  const startedMs = performance.now();
  const result = await importLines({
    lines: readLines(stream),
    put: ({ key, value }) => client.put(key, value),
    onStored: (count, { endBytes: bytes }) => {
      const elapsedMs = performance.now() - startedMs;
      painter.paint({ count, bytes, bytesTotal: sizeBytes, elapsedMs });
    },
  });
  await painter.clear();
  if (result.failure !== null) throw failureOf(result, path);
  const elapsedMs = Math.round(performance.now() - startedMs);
  await output.result({
    json: { stored: result.stored, elapsedMs },
    text: `stored ${result.stored} ${result.stored === 1 ? "pair" : "pairs"} ` +
      `in ${describeSeconds(elapsedMs)}`,
  });
  return EXIT.ok;
}

async function openInput({ surroundings }: Invocation, path: string) {
  try {
    return await surroundings.openFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "There is no such file"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new CommandFailure(`Cannot open "${path}": ${reason}`, {
      code: "file_not_readable",
      exitCode: EXIT.failed,
    });
  }
}

/** Names the first line that is not stored, and how to go on. */
function failureOf({ stored, failure }: ImportResult, path: string): CommandFailure {
  const { line, error } = failure ?? { line: 0, error: "" };
  const reason = error instanceof Error ? error.message : String(error);
  const isKv = error instanceof KvError;
  const isUnknown = isKv && error.outcome === "unknown";
  const rest = path === "-" ? `the input from line ${line} on` : `tail -n +${line} ${path}`;
  return new CommandFailure(
    `Cannot store line ${line}: ${reason}; the lines before it are stored (${stored} in all), ` +
      `go on with ${rest}`,
    { code: isKv ? error.code : "bad_line", exitCode: isUnknown ? EXIT.unknown : EXIT.failed },
  );
}
