/**
 * Searches all that may happen to three nodes: `deno task explore`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { Explorer, type ExploreReport, type StartName, STARTS } from "@raftkv/sim/explore";
import { readFlags, refuse } from "./refusal.ts";
import { wholeNumber } from "./whole_number.ts";

const TASK = "explore";

const HELP = `deno task explore [flags]

--start NAMES   where to begin, comma-separated: ${Object.keys(STARTS).join(", ")} (all)
--depth N       visit all that N events lead to (8)
--states N      stop after N distinct states per start (none)
--terms N       terms after those of the start (2)
--entries N     commands that clients propose (2)
--crashes N     crashes with restart (1)
--reads N       reads that clients ask for (1)
--trace         tell how a broken rule came about, event by event`;

const flags = parseArgs(Deno.args, {
  string: ["start", "depth", "states", "terms", "entries", "crashes", "reads"],
  boolean: ["trace", "help"],
  unknown: (flag) => refuse(TASK, `Cannot take ${flag}`),
});

if (flags.help) {
  console.log(HELP);
  Deno.exit(0);
}

/** A search of nothing would find nothing wrong, and say so. */
const BOUNDS = {
  depth: count("depth", { base: 8, min: 1 }),
  states: count("states", { base: Infinity, min: 1 }),
  terms: count("terms", { base: 2 }),
  entries: count("entries", { base: 2 }),
  crashes: count("crashes", { base: 1 }),
  reads: count("reads", { base: 1 }),
};

for (const start of startsOf(flags.start)) {
  if (!explore(start)) Deno.exit(1);
}

/** Searches from one start; returns whether no rule was broken. */
function explore(start: StartName): boolean {
  console.log(`${start}: ${STARTS[start]}`);
  const beganMs = performance.now();
  const line = (report: ExploreReport) => {
    const seconds = (performance.now() - beganMs) / 1_000;
    console.log(
      `depth ${report.depth}: ${report.states} states, ${report.steps} changes, ` +
        `${report.nodeStates} node states, ${report.messages} messages, ` +
        `${report.coreSteps} core steps, ${seconds.toFixed(1)} s`,
    );
  };
  const explorer = new Explorer({ start, ...BOUNDS, onDepth: line });
  const report = explorer.run();
  const { isExhausted, violation } = report;
  if (violation === null) {
    if (isExhausted) console.log("nothing is left within the bounds");
    for (const [mark, count] of report.marks) console.log(`${mark}: ${count} states`);
    console.log(`0 violations in ${report.states} states`);
    return true;
  }
  line(report);
  console.log(`BROKEN after ${violation.path.length} events: ${violation.error.message}`);
  if (flags.trace) console.log(explorer.tell(violation.path).join("\n"));
  return false;
}

function startsOf(names: string | undefined): StartName[] {
  const known = Object.keys(STARTS);
  const asked = names === undefined ? known : names.split(",");
  for (const name of asked) {
    if (!known.includes(name)) refuse(TASK, `Cannot begin at "${name}": ${known.join(", ")}`);
  }
  return asked as StartName[];
}

function count(
  name: "depth" | "states" | "terms" | "entries" | "crashes" | "reads",
  range: { readonly base: number; readonly min?: number },
): number {
  return readFlags(TASK, () => wholeNumber(name, { text: flags[name], ...range }));
}
