/**
 * Runs simulated clusters in bad weather: `deno task sim --help`.
 *
 * @module
 */
import { refuse } from "./refusal.ts";
import { parseOptions } from "./sim/options.ts";
import { HELP } from "./sim/help.ts";
import { runBatch } from "./sim/batch.ts";
import { replay } from "./sim/replay.ts";

const options = parseOptions(Deno.args);
switch (options.kind) {
  case "help":
    console.log(HELP);
    break;
  case "wrong":
    refuse("sim", options.reason);
    break;
  case "replay":
    Deno.exit(await replay(options) ? 0 : 1);
    break;
  case "batch":
    Deno.exit(await runBatch(options) ? 0 : 1);
}
