/**
 * Puts known bugs in, one by one, and sees whether each is found by what must find it:
 * `deno task mutants --help`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { Copy } from "./mutants/copy.ts";
import { FAMILIES } from "./mutants/families.ts";
import { kill, type Verdict } from "./mutants/kill.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { choose, tenthOf } from "./mutants/choice.ts";
import { lineOf, markdownOf } from "./mutants/report.ts";
import { readFlags, refuse } from "./refusal.ts";
import { wholeNumber } from "./whole_number.ts";

const TASK = "mutants";

const HELP = `deno task mutants [flags]

--family NAME   only these bugs: ${Object.keys(FAMILIES).join(", ")}
--row ROW       only the bugs of this row of the survey, as in E7
--tenth N       only each tenth bug, from the Nth on (0 to 9), or "today" for that of the day
--jobs N        how many at once (2)
--write         write the results down; only for all bugs together
--list          only say which bugs there are`;

const flags = parseArgs(Deno.args, {
  string: ["family", "row", "tenth", "jobs"],
  boolean: ["help", "write", "list"],
  unknown: (flag) => refuse(TASK, `Cannot take ${flag}`),
});

if (flags.help) {
  console.log(HELP);
  Deno.exit(0);
}

const { tenth, chosen, jobs } = readFlags(TASK, () => {
  const tenth = flags.tenth === undefined ? null : tenthOf(flags.tenth, new Date());
  const { family = null, row = null } = flags;
  const chosen = choose(FAMILIES, { family, row, tenth });
  const jobs = wholeNumber("jobs", { text: flags.jobs, base: 2, min: 1 });
  return { tenth, chosen, jobs };
});
if (tenth !== null) console.log(`tenth ${tenth}: ${chosen.length} bugs`);
if (flags.list) { for (const { bug, row } of chosen) console.log(`${row}: ${bug}`); }
else Deno.exit(await killAll(chosen) ? 0 : 1);

/** Tries all of them; returns whether each was killed by what must kill it. */
async function killAll(mutants: readonly Mutant[]): Promise<boolean> {
  const verdicts: Verdict[] = [];
  const left = [...mutants];
  const work = async () => {
    await using copy = await Copy.make();
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const verdict = await kill(next, copy);
      verdicts.push(verdict);
      console.log(`${String(verdicts.length).padStart(3)}/${mutants.length} ${lineOf(verdict)}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const survivors = verdicts.filter(({ kind }) => kind !== "killed");
  console.log(`${verdicts.length - survivors.length} of ${verdicts.length} killed`);
  for (const verdict of survivors) console.log(lineOf(verdict));
  if (flags.write) await write(verdicts);
  return survivors.length === 0;
}

/** The document keeps what it says of bugs that were not tried now. */
async function write(verdicts: readonly Verdict[]): Promise<void> {
  const path = new URL("../docs/mutants.md", import.meta.url);
  const before = await Deno.readTextFile(path).catch(() => "");
  await Deno.writeTextFile(path, markdownOf(FAMILIES, verdicts, { before }));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path.pathname] }).output();
}
