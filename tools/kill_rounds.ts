/**
 * Kills nodes of a real cluster while clients write, as often as asked: `deno task test:kill`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { killRounds } from "../tests/process/kill_rounds.ts";
import { wholeNumber } from "./whole_number.ts";

const flags = parseArgs(Deno.args, {
  string: ["rounds", "writes", "clients"],
  boolean: ["churn", "flip"],
});

const clients = wholeNumber("clients", { text: flags.clients, base: 16, min: 1 });
const writes = wholeNumber("writes", { text: flags.writes, base: 20_000, min: 1 });
// Each makes as many as the others: a rest would look like writes too many.
if (writes % clients !== 0) {
  throw new RangeError(
    `Cannot use --writes: It must be a multiple of ${clients} clients: ${writes}`,
  );
}

await killRounds({
  rounds: wholeNumber("rounds", { text: flags.rounds, base: 10, min: 1 }),
  writes,
  clients,
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
