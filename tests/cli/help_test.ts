import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../cli/commands.ts";
import { raftkv } from "./fake_surroundings.ts";
import { understand } from "./understand.ts";

Deno.test("the help names every command", async () => {
  const { code, stdout } = await raftkv(["--help"]);
  assertEquals(code, 0);
  for (const { name, summary } of COMMANDS) {
    assert(stdout.includes(`  ${name}`) && stdout.replaceAll(/\s+/g, " ").includes(summary), name);
  }
  for (const line of stdout.split("\n")) assert(line.length <= 80, line);
  assertEquals((await raftkv([])).stdout, stdout);
  assertEquals((await raftkv(["help"])).stdout, stdout);
  assertEquals((await raftkv(["-h"])).stdout, stdout);
});

Deno.test("every command has help with an example, under two spellings, whatever else is wrong", async () => {
  for (const { name, examples } of COMMANDS) {
    const { code, stdout } = await raftkv([name, "--help", "--bogus"]);
    assertEquals(code, 0);
    assert(examples.length > 0 && stdout.includes(examples[0]?.line ?? "?"), name);
    assertEquals((await raftkv(["help", name])).stdout, stdout);
    // A line to be pasted is not broken; everything else fits a terminal.
    for (const line of stdout.split("\n")) {
      assert(line.length <= 80 || examples.some((example) => line.includes(example.line)), line);
    }
  }
});

Deno.test("a flag that goes with some second words alone says so, and names words there are", async () => {
  for (const { name, usage, flags } of COMMANDS) {
    for (const { name: flag, verbs } of await flags()) {
      if (verbs === undefined) continue;
      for (const verb of verbs) assert(usage.split(/[ |]+/).includes(verb), `${name} ${verb}`);
      const { stdout } = await raftkv([name, "--help"]);
      assert(stdout.includes(`${verbs.join(", ")}:`), flag);
    }
  }
  for (const line of ["lease list --once", "snapshot inspect x --data y"]) {
    const { code, stderr } = await raftkv(line.split(" "));
    assertEquals([code, / goes with /.test(stderr)], [2, true], stderr);
  }
});

Deno.test("every example is a line the program understands", async () => {
  for (const command of COMMANDS) {
    for (const { line, meaning } of command.examples) {
      assert(meaning !== "", line);
      const own = line.split("|").filter((part) => part.trim().startsWith("raftkv "));
      assert(own.length > 0, line);
      for (const part of own) await understand(part.trim());
    }
  }
});

Deno.test("an unknown command is wrong usage, with a guess at what was meant", async () => {
  assertEquals(await raftkv(["stauts"]).then(({ code, stderr }) => ({ code, stderr })), {
    code: 2,
    stderr: 'error: Unknown command "stauts"; did you mean status? (see raftkv --help)\n',
  });
  assertEquals((await raftkv(["help", "frobnicate"])).code, 2);
  const json = await raftkv(["frobnicate", "--json"]);
  assertEquals(JSON.parse(json.stderr), {
    error: {
      code: "usage",
      message: 'Unknown command "frobnicate"',
      retryable: false,
      outcome: "not_applied",
    },
  });
});

Deno.test("wrong usage of a command points to that command's help", async () => {
  const { code, stderr } = await raftkv(["get"]);
  assertEquals(code, 2);
  assertEquals(stderr, "error: Too few arguments: raftkv get KEY (see raftkv get --help)\n");
  assertEquals((await raftkv(["get", "a", "--timeout", "5"])).code, 2);
});

Deno.test("the version is that of the package", async () => {
  const meta: { version: string } = JSON.parse(await Deno.readTextFile("cli/deno.json"));
  assertEquals((await raftkv(["version"])).stdout, `raftkv ${meta.version}\n`);
  assertEquals(JSON.parse((await raftkv(["version", "--json"])).stdout).version, meta.version);
});
