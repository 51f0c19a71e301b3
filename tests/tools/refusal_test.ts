/**
 * What tools say to flags that they cannot take: one line, and where their help is.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** By their tasks; what each must not take. */
const TOOLS = [
  ["sim", "tools/sim.ts", "--seeds=0", "--seed=x"],
  ["mutants", "tools/mutants.ts", "--jobs=x", "--row=none", "--family=none", "--tenth=10"],
  ["explore", "tools/explore.ts", "--depth=0", "--start=nowhere"],
  ["test:kill", "tools/kill_rounds.ts", "--rounds=0", "--writes=20001"],
  ["test:locks", "tools/lock_rounds.ts", "--rounds=many"],
  ["bench", "bench/compare.ts", "--rounds=0"],
  ["bench:profile", "bench/profile.ts", "--clients=0"],
] as const;

async function run(script: string, flag: string) {
  const args = ["run", "--no-prompt", "--allow-read", "--allow-env", "--allow-sys", script, flag];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: text(stdout), lines: text(stderr).split("\n") };
}

for (const [task, script, ...wrong] of TOOLS) {
  Deno.test(`deno task ${task} refuses flags that it cannot take, and begins nothing`, async () => {
    for (const flag of ["--nonsense", ...wrong]) {
      const { code, out, lines } = await run(script, flag);
      assertEquals([code, out, lines.length], [2, "", 2], `${flag}: ${lines.join("; ")}`);
      assertEquals(lines[0]?.startsWith("Cannot "), true, lines[0]);
      assertEquals(lines[1], `Try: deno task ${task} --help`);
    }
  });

  Deno.test(`deno task ${task} has help`, async () => {
    const { code, out, lines } = await run(script, "--help");
    assertEquals([code, lines.join("")], [0, ""]);
    assertEquals(out.includes("--"), true, out);
  });
}
