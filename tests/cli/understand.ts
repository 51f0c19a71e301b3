/**
 * Lines for `raftkv`, as far as the program understands them without doing anything.
 *
 * @module
 */

import { assert } from "@std/assert";
import { parseLine, splitLine } from "../../cli/arguments.ts";
import { COMMANDS } from "../../cli/commands.ts";

/** @throws if the line is none of the program's */
export async function understand(line: string): Promise<void> {
  const words = line.replace(/ [<>] \S+$/, "").match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const [, ...args] = words.map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
  const { name, rest } = splitLine(args);
  if (rest.includes("--help")) return;
  const command = COMMANDS.find((each) => each.name === name);
  assert(command !== undefined, line);
  parseLine(command, { args: rest, flags: await command.flags() });
}
