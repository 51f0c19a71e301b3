/**
 * Kills holders of a lock, leaders and whole clusters, as often as asked: `deno task test:locks`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { lockRounds } from "../tests/process/lock_rounds.ts";
import { readFlags, refuse } from "./refusal.ts";
import { wholeNumber } from "./whole_number.ts";

const TASK = "test:locks";

const HELP = `deno task test:locks [flags]

--rounds N    how often a holder, the leader or all nodes are killed (200)`;

const flags = parseArgs(Deno.args, {
  string: ["rounds"],
  boolean: ["help"],
  unknown: (flag) => refuse(TASK, `Cannot take ${flag}`),
});

if (flags.help) {
  console.log(HELP);
  Deno.exit(0);
}

const rounds = readFlags(
  TASK,
  () => wholeNumber("rounds", { text: flags.rounds, base: 200, min: 1 }),
);

const { writes, holders } = await lockRounds({
  rounds,
  onRound: ({ round, killed, gapMs }) =>
    console.log(`round ${round}, killed the ${killed}: held again after ${gapMs.toFixed(0)} ms`),
});
console.log(
  `${rounds} rounds, ${holders} holders, ${writes} writes under the lock: none under a token that ` +
    "was not the greatest.",
);
