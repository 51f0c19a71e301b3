/**
 * Help, made from the commands' own descriptions.
 *
 * @module
 */

import { COMMON_FLAGS } from "./arguments.ts";
import type { Command, Flag } from "./command.ts";

/** What `raftkv --help` shows. */
export function describeProgram(commands: readonly Command[]): string {
  return [
    "RaftKV: a strongly consistent, replicated key-value store",
    "",
    "Usage: raftkv COMMAND [ARGUMENTS] [FLAGS]",
    "",
    "Commands:",
    ...columns(commands.map(({ name, usage, summary }) => [`${name} ${usage}`.trim(), summary])),
    "",
    "Flags of every command:",
    ...flagLines(COMMON_FLAGS),
    "",
    ...filled(
      "Exit codes: 0 done, 1 failed without effect, 2 wrong usage, 3 outcome unknown, 4 not found, " +
        "5 a file is damaged, 6 a node's state is not that of the others, " +
        "7 a node lost what it promised, 8 a node is no member any more",
    ),
    "",
    "raftkv COMMAND --help tells more, with examples.",
  ].join("\n");
}

/** What `raftkv COMMAND --help` shows. */
export async function describeCommand(command: Command): Promise<string> {
  const flags = await command.flags();
  const own = flags.length === 0 ? [] : ["Flags:", ...flagLines(flags), ""];
  const examples = command.examples.map(({ line, meaning }): [string, string] => [line, meaning]);
  return [
    command.summary,
    "",
    ...filled(`Usage: ${["raftkv", command.name, command.usage].join(" ").trimEnd()} [FLAGS]`),
    "",
    ...command.details.flatMap((paragraph) => [...filled(paragraph), ""]),
    ...own,
    "Flags of every command:",
    ...flagLines(COMMON_FLAGS),
    "",
    examples.length === 1 ? "Example:" : "Examples:",
    ...examples.flatMap(([line, meaning]) => [`  # ${meaning}`, `  ${line}`]),
  ].join("\n");
}

function flagLines(flags: readonly Flag[]): readonly string[] {
  return columns(flags.map((flag) => [
    flag.value === undefined ? `--${flag.name}` : `--${flag.name} ${flag.value}`,
    summaryOf(flag),
  ]));
}

/** What a flag does, behind the second words it goes with. */
export function summaryOf({ verbs, summary }: Flag): string {
  return verbs === undefined ? summary : `${verbs.join(", ")}: ${summary}`;
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.min(LEFT_MAX, Math.max(...rows.map(([left]) => left.length)));
  const indent = " ".repeat(width + 4);
  return rows.flatMap(([left, right]) => {
    const [first = "", ...rest] = wrapped(right, COLUMNS - indent.length);
    const others = rest.map((line) => indent + line);
    // What is too long for its column stands on a line of its own.
    if (left.length > width) return [`  ${left}`, indent + first, ...others];
    return [`  ${left.padEnd(width)}  ${first}`, ...others];
  });
}

/** The width that every terminal has. */
const COLUMNS = 80;
const LEFT_MAX = 32;

/** A paragraph, whose own line breaks do not count. */
function filled(paragraph: string): readonly string[] {
  return wrapped(paragraph.replaceAll("\n", " "), COLUMNS);
}

/** Lines of at most so many characters, broken between words. */
function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const joined = `${last} ${word}`;
    if (last === undefined || joined.length > columns) lines.push(word);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}
