import { assert, assertEquals } from "@std/assert";
import { startBrowser } from "../../process/browser.ts";
import { Cluster } from "../../process/cluster.ts";
import { isInstalled } from "../../process/installed.ts";
import type { ServedNode } from "../../process/served_node.ts";
import { bundle } from "./bundle.ts";
import { CASES } from "./cases.ts";
import { type Errand, runEverywhere } from "./everywhere.ts";
import { Hearing } from "./hearing.ts";

const EVERYWHERE = new URL("./everywhere.ts", import.meta.url);

/** Runs all cases at three nodes, of which the leader is killed on the way and comes back later. */
async function withDyingLeader(
  flags: readonly string[],
  run: (errand: Errand, hearing: Hearing) => Promise<void>,
): Promise<void> {
  let killed: ServedNode | null = null;
  let cluster: Cluster | null = null;
  await using hearing = new Hearing(async (count) => {
    if (count === 5) {
      killed = await cluster!.leader();
      await killed.kill();
    }
    if (count === 12) killed?.start();
  });
  const origin = flags.map((flag) => flag.replace("ORIGIN", hearing.origin));
  await using started = await Cluster.start(origin);
  cluster = started;
  await run({ endpoints: started.urls, prefix: "case", reportUrl: hearing.reportUrl }, hearing);
  await hearing.heard(CASES.length);
  assertEquals(hearing.reports, CASES.map(({ name }) => ({ name, error: null })));
  assert(killed !== null);
}

Deno.test("the contract holds in Deno, at a cluster whose leader dies", () =>
  withDyingLeader([], (errand) => runEverywhere(errand)));

const noNode = await isInstalled("node") ? "" : " (skipped: node is not installed)";

Deno.test({
  name: `the contract holds in Node, at a cluster whose leader dies${noNode}`,
  ignore: noNode !== "",
  fn: () =>
    withDyingLeader([], async (errand) => {
      const directory = await Deno.makeTempDir();
      const script = `${directory}/cases.mjs`;
      await Deno.writeTextFile(
        script,
        `${await bundle(EVERYWHERE)}\nawait globalThis.runEverywhere(${JSON.stringify(errand)});\n`,
      );
      const node = new Deno.Command("node", { args: [script] });
      const { success, stderr } = await node.output();
      assert(success, new TextDecoder().decode(stderr));
      await Deno.remove(directory, { recursive: true });
    }),
});

const noChromium = await isInstalled("chromium") ? "" : " (skipped: chromium is not installed)";

Deno.test({
  name: `the contract holds in a browser, at a cluster whose leader dies${noChromium}`,
  ignore: noChromium !== "",
  fn: () =>
    withDyingLeader(["--cors-origin", "ORIGIN"], async (errand, hearing) => {
      hearing.serve(await bundle(EVERYWHERE), `await runEverywhere(${JSON.stringify(errand)});`);
      const profile = await Deno.makeTempDir();
      const browser = startBrowser(hearing.origin, profile);
      await hearing.heard(CASES.length);
      await browser.kill();
      await Deno.remove(profile, { recursive: true });
    }),
});
