/**
 * Reads a command line: which command, its arguments, its flags.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { Command, Flag, FlagValues } from "./command.ts";
import { UsageError } from "./failures.ts";
import { suggest } from "./suggest.ts";

/** Flags that every command understands. */
export const COMMON_FLAGS: readonly Flag[] = [
  {
    name: "endpoints",
    value: "URLS",
    repeatable: true,
    summary: "nodes to ask, separated by commas (RAFTKV_ENDPOINTS; ports 8001 to 8003 here)",
  },
  { name: "node", value: "URL", repeatable: true, summary: "the same, for one node" },
  { name: "timeout", value: "TIME", summary: "give up after 500ms, 5s, 2m; 5s if not given" },
  { name: "json", summary: "write JSON, errors included" },
  { name: "help", summary: "show this help" },
];

/** A command line split into the command's name and the rest. */
export interface SplitLine {
  /** Undefined if there is none. */
  readonly name: string | undefined;
  /** Everything but the name. */
  readonly rest: readonly string[];
}

/** A command's arguments and flags. */
export interface ParsedLine {
  readonly positionals: readonly string[];
  readonly flags: FlagValues;
}

/**
 * Finds the command's name, which flags of every command may precede.
 *
 * @throws {UsageError} for any other flag before it
 */
export function splitLine(args: readonly string[]): SplitLine {
  const end = args.indexOf("--");
  const head = end < 0 ? args : args.slice(0, end);
  const { before: words, unknown } = parse(head, { flags: COMMON_FLAGS, stopEarly: true });
  if (unknown !== undefined) throw unknownFlag(unknown, { known: COMMON_FLAGS });
  if (words.length === 0) return { name: undefined, rest: args };
  const place = head.length - words.length;
  return { name: head[place], rest: args.toSpliced(place, 1) };
}

/**
 * Reads what stands around a command's name.
 *
 * @throws {UsageError} for an unknown flag, a flag without its value or of another second word, or too few
 *   or many arguments
 */
export function parseLine(
  command: Command,
  { args, flags }: { readonly args: readonly string[]; readonly flags: readonly Flag[] },
): ParsedLine {
  const known = [...COMMON_FLAGS, ...flags];
  const { values, before, behind, unknown } = parse(args, { flags: known, stopEarly: false });
  if (unknown !== undefined) throw unknownFlag(unknown, { known, command: command.name });
  for (const { name, value } of known) {
    if (value !== undefined && values.all(name).includes("")) {
      throw new UsageError(`Flag --${name} needs a value: ${value}`, command.name);
    }
  }
  const positionals = [...before, ...behind];
  if (!values.has("help")) {
    checkArity(command, positionals);
    checkVerb(command, { verb: positionals[0] ?? "", given: flags.filter(isGiven(values)) });
  }
  return { positionals, flags: values };
}

/** Whether help is asked for, whatever else may be wrong with the line. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}

interface Parsed {
  readonly values: FlagValues;
  /** Arguments up to `--` that are no flags; all from the first one on if it stopped there. */
  readonly before: readonly string[];
  /** What stands behind `--`. */
  readonly behind: readonly string[];
  /** The first flag that is not known. */
  readonly unknown: string | undefined;
}

function parse(
  args: readonly string[],
  { flags, stopEarly }: { readonly flags: readonly Flag[]; readonly stopEarly: boolean },
): Parsed {
  const switches = flags.filter((flag) => flag.value === undefined).map((flag) => flag.name);
  const valued = flags.filter((flag) => flag.value !== undefined).map((flag) => flag.name);
  let unknown: string | undefined;
  const parsed: Record<string, unknown> & { _: (string | number)[]; "--": string[] } = parseArgs(
    explicitSwitches(args, switches),
    {
      "--": true,
      alias: { help: "h" },
      boolean: switches,
      string: [...valued, "_"],
      collect: valued,
      stopEarly,
      unknown: (arg, key) => {
        if (key !== undefined) unknown ??= arg;
        return key === undefined;
      },
    },
  );
  return {
    values: flagValues(parsed),
    before: parsed._.map(String),
    behind: parsed["--"],
    unknown,
  };
}

/**
 * A switch followed by the word `true` or `false` would swallow it, and `put --value-json on true`
 * would lose its value.
 */
function explicitSwitches(args: readonly string[], switches: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, index) => {
    const isSwitch = (end < 0 || index < end) && switches.some((name) => arg === `--${name}`);
    return isSwitch ? `${arg}=true` : arg;
  });
}

function flagValues(parsed: Readonly<Record<string, unknown>>): FlagValues {
  const all = (name: string): string[] => {
    const value = parsed[name];
    return Array.isArray(value) ? value.map(String) : [];
  };
  return { all, has: (name) => parsed[name] === true, get: (name) => all(name).at(-1) };
}

function unknownFlag(
  flag: string,
  { known, command }: { readonly known: readonly Flag[]; readonly command?: string },
): UsageError {
  const name = /^--([^=]*)/.exec(flag)?.[1];
  if (name === undefined) {
    return new UsageError(`Unknown flag "${flag}"; what follows -- is taken as it stands`, command);
  }
  const near = suggest(name, known.map((each) => each.name));
  const question = near === undefined ? "" : `; did you mean --${near}?`;
  return new UsageError(`Unknown flag "--${name}"${question}`, command);
}

function checkArity(command: Command, positionals: readonly string[]): void {
  const [least, most] = command.arity;
  if (positionals.length < least) {
    throw new UsageError(
      `Too few arguments: raftkv ${command.name} ${command.usage}`,
      command.name,
    );
  }
  const extra = positionals[most];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"; quote what has spaces`, command.name);
  }
}

function isGiven(values: FlagValues): (flag: Flag) => boolean {
  return ({ name }) => values.has(name) || values.get(name) !== undefined;
}

/** A flag that goes unheeded may be all that kept a line from doing harm. */
function checkVerb(
  command: Command,
  { verb, given }: { readonly verb: string; readonly given: readonly Flag[] },
): void {
  for (const { name, verbs } of given) {
    if (verbs === undefined || verbs.includes(verb)) continue;
    throw new UsageError(
      `Flag --${name} goes with ${command.name} ${verbs.join(" or ")}, not with "${verb}"`,
      command.name,
    );
  }
}
