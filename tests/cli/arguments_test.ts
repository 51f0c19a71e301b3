import { assertEquals, assertThrows } from "@std/assert";
import { parseLine, splitLine } from "../../cli/arguments.ts";
import type { Command } from "../../cli/command.ts";
import { UsageError } from "../../cli/failures.ts";

const command: Command = {
  name: "put",
  summary: "",
  usage: "KEY VALUE",
  arity: [1, 2],
  flags: () => [],
  details: [],
  examples: [],
  run: () => Promise.resolve(0),
};

const FLAGS = [
  { name: "value-json", summary: "" },
  { name: "limit", value: "N", summary: "" },
  { name: "twice", verbs: ["a", "b"], summary: "" },
  { name: "near", value: "KEY", verbs: ["b"], summary: "" },
] as const;

const parse = (...args: string[]) => parseLine(command, { args, flags: FLAGS });

Deno.test("the command is the first word that is no flag, nor a flag's value", () => {
  assertEquals(splitLine(["put", "a", "b"]), { name: "put", rest: ["a", "b"] });
  assertEquals(splitLine(["--timeout", "5s", "put", "a"]), {
    name: "put",
    rest: ["--timeout", "5s", "a"],
  });
  assertEquals(splitLine(["--json", "put", "put", "--", "-5"]), {
    name: "put",
    rest: ["--json", "put", "--", "-5"],
  });
  assertEquals(splitLine(["--json"]), { name: undefined, rest: ["--json"] });
  assertEquals(splitLine([]), { name: undefined, rest: [] });
  assertEquals(splitLine(["put", "--help"]), { name: "put", rest: ["--help"] });
});

Deno.test("a flag before the command must be one of every command", () => {
  assertThrows(() => splitLine(["--bogus", "put"]), UsageError, 'Unknown flag "--bogus"');
});

Deno.test("arguments stay the text they are", () => {
  assertEquals(parse("007", "1e3").positionals, ["007", "1e3"]);
  assertEquals(parse("a", "-").positionals, ["a", "-"]);
  assertEquals(parse("a", "--", "-5").positionals, ["a", "-5"]);
  assertEquals(parse("--", "--json", "--help").positionals, ["--json", "--help"]);
});

Deno.test("a switch does not swallow the word behind it", () => {
  const { positionals, flags } = parse("a", "--value-json", "true");
  assertEquals(positionals, ["a", "true"]);
  assertEquals(flags.has("value-json"), true);
  assertEquals(flags.has("json"), false);
});

Deno.test("a flag may be written with a space or an equals sign, and repeated", () => {
  const { flags } = parse("a", "--node", "x", "--node=y", "--limit=3", "--limit", "4");
  assertEquals(flags.all("node"), ["x", "y"]);
  assertEquals(flags.get("limit"), "4");
  assertEquals(flags.get("timeout"), undefined);
  assertEquals(flags.all("endpoints"), []);
});

Deno.test("a flag of some second words alone is refused behind any other", () => {
  assertEquals(parse("b", "--twice", "--near", "x").flags.get("near"), "x");
  assertEquals(parse("a", "--twice").flags.has("twice"), true);
  const error = assertThrows(() => parse("a", "--near", "x"), UsageError);
  assertEquals(error.message, 'Flag --near goes with put b, not with "a"');
  assertEquals(error.help, "raftkv put --help");
  assertThrows(() => parse("--twice", "c"), UsageError, 'goes with put a or b, not with "c"');
});

Deno.test("unknown flags, missing values and wrong counts are wrong usage", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["a", "--limt", "3"], 'Unknown flag "--limt"; did you mean --limit?'],
    [["a", "--wholly-else"], 'Unknown flag "--wholly-else"'],
    [["a", "-5"], 'Unknown flag "-5"; what follows -- is taken as it stands'],
    [["a", "--limit"], "Flag --limit needs a value: N"],
    [["a", "--limit", "--json"], "Flag --limit needs a value: N"],
    [["a", "--limit="], "Flag --limit needs a value: N"],
    [[], "Too few arguments: raftkv put KEY VALUE"],
    [["a", "b", "c"], 'Unexpected argument "c"; quote what has spaces'],
    [["a", "--no-json"], 'Unknown flag "--no-json"'],
    [["a", "--__proto__=x"], 'Unknown flag "--__proto__"'],
  ];
  for (const [args, message] of cases) {
    const error = assertThrows(() => parse(...args), UsageError);
    assertEquals(error.message, message);
    assertEquals(error.help, "raftkv put --help");
  }
});
