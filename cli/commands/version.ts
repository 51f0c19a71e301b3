/**
 * `raftkv version`: says which release this is.
 *
 * @module
 */

import type { Command } from "../command.ts";
import meta from "../deno.json" with { type: "json" };
import { EXIT } from "../exit_code.ts";

/** Shows the version of this program. */
export const versionCommand: Command = {
  name: "version",
  summary: "Show the version of this program",
  usage: "",
  arity: [0, 0],
  flags: () => [],
  details: [],
  examples: [{ line: "raftkv version", meaning: "Show the version" }],
  run: async ({ output }) => {
    await output.result({ json: { version: meta.version }, text: `raftkv ${meta.version}` });
    return EXIT.ok;
  },
};
