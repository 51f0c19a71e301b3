/**
 * Kills nodes of a real cluster while clients write, as often as asked: `deno task test:kill`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { killRounds } from "../tests/process/kill_rounds.ts";
import { readFlags, refuse } from "./refusal.ts";
import { wholeNumber } from "./whole_number.ts";

const TASK = "test:kill";

const HELP = `deno task test:kill [flags]

--rounds N    how often the leader, and then all three nodes, are killed (10)
--writes N    writes between two kills, a multiple of the clients (20000)
--clients N   clients that write at the same time (16)
--churn       members are added, removed and replaced meanwhile
--flip        a bit of a file turns over on one node each time that all are killed`;

const flags = parseArgs(Deno.args, {
  string: ["rounds", "writes", "clients"],
  boolean: ["churn", "flip", "help"],
  unknown: (flag) => refuse(TASK, `Cannot take ${flag}`),
});

if (flags.help) {
  console.log(HELP);
  Deno.exit(0);
}

const numbers = readFlags(TASK, () => {
  const rounds = wholeNumber("rounds", { text: flags.rounds, base: 10, min: 1 });
  const clients = wholeNumber("clients", { text: flags.clients, base: 16, min: 1 });
  const writes = wholeNumber("writes", { text: flags.writes, base: 20_000, min: 1 });
  // Each makes as many as the others: a rest would look like writes too many.
  if (writes % clients !== 0) {
    throw new RangeError(
      `Cannot use --writes: It must be a multiple of ${clients} clients: ${writes}`,
    );
  }
  return { rounds, clients, writes };
});

await killRounds({
  ...numbers,
  churn: flags.churn,
  flips: flags.flip,
  onKill: ({ round, victim, churn, writes, writeMs, electionMs, gapMs, flipped }) =>
    console.log(
      `round ${round}, killed ${victim}${
        churn === null ? "" : ` (${churn})`
      }: ${writes} writes in ${(writeMs / 1_000).toFixed(1)} s, ` +
        `new leader after ${electionMs.toFixed(0)} ms, ` +
        `longest gap between acknowledged writes ${gapMs.toFixed(0)} ms` +
        (flipped === null
          ? ""
          : `, byte ${flipped.offsetBytes} of ${flipped.file} flipped on ${flipped.node}`),
    ),
});
console.log("Every acknowledged write was found on every node, none twice.");
