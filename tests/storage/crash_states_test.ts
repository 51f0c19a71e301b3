import { parseArgs } from "@std/cli/parse-args";
import { explore } from "./crash_states/explorer.ts";

// More than the gate has time for: `deno task crash-states --states 1000000 --seed 7`.
const asked = parseArgs(Deno.args, { string: ["states", "seed"] });
const statesMin = Number(asked.states ?? 50_000);
const seed = Number(asked.seed ?? 1);

Deno.test("every disk that a crash may leave is recovered as promised", async () => {
  const startMs = performance.now();
  const { lives, states, statesOfRecoveries } = await explore({ seed, statesMin });
  const seconds = (performance.now() - startMs) / 1_000;
  if (asked.states === undefined) return;
  console.log(
    `${states} disks of ${lives} lives recovered as promised in ${seconds.toFixed(0)} s, ` +
      `${statesOfRecoveries} of them after a crash in a recovery`,
  );
});
