/**
 * `raftkv export`: writes keys and values as NDJSON.
 *
 * @module
 */

import type { KeyValueJson } from "@raftkv/core/api";
import type { Command, Invocation } from "../command.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { writePages } from "./pages.ts";
import { STALE_FLAG } from "./stale_flag.ts";

/** Writes what `import` reads. */
export const exportCommand: Command = {
  name: "export",
  summary: "Write keys and values as NDJSON",
  usage: "[PREFIX]",
  arity: [0, 1],
  flags: () => [STALE_FLAG],
  details: [
    'Each line is {"key": …, "value": …}, as import reads it. Keys written while it runs may or may\n' +
    "not be in it.",
  ],
  examples: [
    { line: "raftkv export > backup.ndjson", meaning: "Write everything to a file" },
    { line: "raftkv export db.", meaning: "Write keys that begin with db." },
  ],
  run: exportPairs,
};

async function exportPairs(invocation: Invocation): Promise<ExitCode> {
  await writePages(invocation, { line: pairLine });
  return EXIT.ok;
}

function pairLine({ key, value, encoding }: KeyValueJson): string {
  return JSON.stringify(encoding === undefined ? { key, value } : { key, value, encoding });
}
