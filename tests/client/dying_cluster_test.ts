/**
 * When all nodes die under a program, nothing in its client rejects without somebody to hear it, and
 * once the client is closed nothing keeps the program alive.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Cluster } from "../process/cluster.ts";
import { isInstalled } from "../process/installed.ts";
import { Program } from "../process/program.ts";
import { until } from "../process/until.ts";
import { bundle } from "./contract/bundle.ts";

async function outlivedBy(runtime: string, args: readonly string[]): Promise<void> {
  await using cluster = await Cluster.start();
  const directory = await Deno.makeTempDir();
  const script = await bundle(new URL("./dying_program.ts", import.meta.url));
  const run = `await globalThis.outlive(${JSON.stringify(cluster.urls)});\n`;
  await Deno.writeTextFile(`${directory}/program.mjs`, `${script}\n${run}`);
  await using program = new Program(runtime, [...args, `${directory}/program.mjs`]);
  await until("it to be ready", () => {
    if (program.hasEnded) throw new Error(program.stderr);
    return program.stdout === "ready\n";
  });
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  await until("it to end", () => program.hasEnded);
  assertEquals([(await program.ended).code, program.stderr], [0, ""]);
  await Deno.remove(directory, { recursive: true });
}

Deno.test("a program in Deno outlives its cluster, and ends when its client is closed", () =>
  outlivedBy(Deno.execPath(), ["run", "--quiet", "--no-prompt", "--allow-net"]));

const noNode = await isInstalled("node") ? "" : " (skipped: node is not installed)";

Deno.test({
  name: `a program in Node outlives its cluster, and ends when its client is closed${noNode}`,
  ignore: noNode !== "",
  fn: () => outlivedBy("node", []),
});
