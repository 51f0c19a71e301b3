/**
 * Kills holders of a lock, leaders and whole clusters, as often as asked: `deno task test:locks`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { lockRounds } from "../tests/process/lock_rounds.ts";

const { rounds = "200" } = parseArgs(Deno.args, { string: ["rounds"] });

const { writes, holders } = await lockRounds({
  rounds: Number(rounds),
  onRound: ({ round, killed, gapMs }) =>
    console.log(`round ${round}, killed the ${killed}: held again after ${gapMs.toFixed(0)} ms`),
});
console.log(
  `${rounds} rounds, ${holders} holders, ${writes} writes under the lock: none under a token that ` +
    "was not the greatest.",
);
