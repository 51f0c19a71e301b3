/**
 * Every code block of the documents and of the docstrings is run, as a reader would run it.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readTree } from "../../tools/tidy/tree.ts";
import { isInstalled } from "../process/installed.ts";
import { understand } from "../cli/understand.ts";
import { type Block, blocksOf, commandsOf } from "./blocks.ts";
import { COMMANDS, PROGRAMS } from "./expected.ts";
import { DocumentsStage } from "./stage.ts";

const ROOT = new URL("../../", import.meta.url);
const TREE = readTree(ROOT);
const BLOCKS = blocksOf(TREE);
const of = (language: string) => BLOCKS.filter((block) => block.language === language);

Deno.test("every block says what it is: a program, commands, or text that is neither", () => {
  const others = BLOCKS.filter(({ language }) => !["ts", "sh", "text"].includes(language));
  assertEquals(others.map(({ place, language }) => `${place}: ${language}`), []);
  assert(of("ts").length > 15 && of("sh").length > 10, "they were found");
});

Deno.test("what is expected of a block is expected of one that is there", () => {
  for (const { document, has } of PROGRAMS) {
    const meant = of("ts").filter((each) => each.document === document && each.text.includes(has));
    assertEquals(meant.length, 1, `${document}: ${has}`);
  }
  const lines = of("sh").flatMap(({ text }) => commandsOf(text));
  for (const { begins, elsewhere } of COMMANDS) {
    assert(lines.some((line) => line.startsWith(begins)), begins);
    if (elsewhere === undefined) continue;
    assertStringIncludes(Deno.readTextFileSync(new URL(elsewhere.file, ROOT)), elsewhere.says);
  }
});

/** A sentence may name a command without saying all of the line. */
const LEFT_OUT = /^Too few arguments|needs a value/;

Deno.test("what a sentence says of raftkv, the program knows", async () => {
  const wrong: string[] = [];
  for (const [path, text] of TREE) {
    if (!path.endsWith(".md")) continue;
    for (const [, line = ""] of text.matchAll(/`(?:deno task )?(raftkv [^`]+)`/g)) {
      await understand(line.replaceAll(/\s+/g, " ").replace(/ …$/, "")).catch(({ message }) => {
        if (!LEFT_OUT.test(message)) wrong.push(`${path}: ${line}: ${message}`);
      });
    }
  }
  assertEquals(wrong, []);
});

const lacks = await isInstalled("curl") ? "" : " (skipped: curl is not installed)";

Deno.test("every block of the documents does what is said of it", async (t) => {
  await using stage = await DocumentsStage.open();
  for (const block of of("ts")) await t.step(block.place, () => runProgram(stage, block));
  for (const { place, text } of of("sh")) {
    for (const command of commandsOf(text)) {
      await t.step({
        name: `${place} ${command.split("\n")[0]}${lacks}`,
        ignore: lacks !== "" && command.startsWith("curl"),
        fn: () => runCommand(stage, command),
      });
    }
  }
});

async function runProgram(stage: DocumentsStage, { document, text }: Block): Promise<void> {
  const known = PROGRAMS.find((each) => each.document === document && text.includes(each.has));
  const { prints = /^$/, leaves, isEndless } = known ?? {};
  if (leaves !== undefined) await stage.kv.delete(leaves);
  const hasLeft = async () => leaves === undefined || await stage.kv.get(leaves) !== null;
  const enough = async (stdout: string) => prints.test(stdout) && await hasLeft();
  const { code, stdout, stderr } = await stage.program(
    text,
    document,
    isEndless === true ? enough : undefined,
  );
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, prints);
  assert(await hasLeft(), `${leaves} is not there`);
}

async function runCommand(stage: DocumentsStage, line: string): Promise<void> {
  const { endlessUntil, elsewhere } = COMMANDS.find(({ begins }) => line.startsWith(begins)) ?? {};
  if (elsewhere !== undefined) return;
  const enough = endlessUntil === undefined
    ? undefined
    : (stdout: string) => endlessUntil.test(stdout);
  const { code, stdout, stderr } = await stage.command(line, enough);
  assertEquals(code, 0, `${stdout}${stderr}`);
}
