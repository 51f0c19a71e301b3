/**
 * Real input through the main door: every package of this machine and its version.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Cluster } from "./cluster.ts";
import { raftkv } from "./raftkv.ts";

/** Names and versions of the packages that are installed; null where there is no dpkg. */
async function packages(): Promise<ReadonlyMap<string, string> | null> {
  try {
    const { stdout } = await new Deno.Command("dpkg-query", {
      args: ["-W", "-f", "${Package}\t${Version}\n"],
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    return new Map(lines.map((line) => {
      const [name = "", version = ""] = line.split("\t");
      return [name, version];
    }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

const installed = await packages();
if (installed === null) console.log("No packages to import: this machine has no dpkg-query");

Deno.test({
  name: "what was imported comes back equal from each node",
  ignore: installed === null,
  fn: async () => {
    const expected = installed ?? new Map();
    assert(expected.size > 0);
    await using cluster = await Cluster.start();
    const [first = "", ...others] = cluster.urls;
    const stdin = Array.from(expected, ([key, value]) => `${JSON.stringify({ key, value })}\n`);
    const imported = await raftkv(["import", "-", "--json"], {
      endpoints: others.join(","),
      stdin: stdin.join(""),
    });
    assertEquals([imported.code, imported.stderr], [0, ""]);
    assertEquals(JSON.parse(imported.stdout).stored, expected.size);
    for (const endpoints of [first, ...others]) {
      const { code, stdout } = await raftkv(["export"], { endpoints });
      assertEquals(code, 0);
      const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals(new Map(lines.map(({ key, value }) => [key, value])), expected);
      assertEquals(lines.length, expected.size);
    }
  },
});
