/**
 * What became of the mutants, as lines and as a document.
 *
 * @module
 */
import type { Families } from "./families.ts";
import type { Verdict } from "./kill.ts";

/** One verdict in a line. */
export function lineOf({ after, by, kind, mutant, seconds }: Verdict): string {
  const count = after === null ? "" : ` after ${after}`;
  const fate = { killed: "killed", alive: "ALIVE ", wrong: "WRONG " }[kind];
  return `${fate} ${mutant.row}: ${mutant.bug} (${by}${count}, ${seconds.toFixed(1)} s)`;
}

/** The document with all verdicts, which must be those of all mutants. */
export function markdownOf(families: Families, verdicts: readonly Verdict[]): string {
  const killed = verdicts.filter(({ kind }) => kind === "killed").length;
  const lines = [
    "# Mutants",
    "",
    "Bugs that systems of this kind have had in the field, put into this one by small changes of its",
    "source, one at a time. Each must be found by the harness that is named for it, and that must say",
    "which rule is broken: a time-out, a crash or another rule does not count. The same search must",
    "find nothing in sound code. The letters are those of a survey of published bugs.",
    "",
    "`deno task mutants` tries all of them, `--help` says how to choose some; the gate tries another",
    "tenth each day, and checks on each run that every change still fits the source at one place. This",
    "page is written by `deno task mutants --write`.",
    "",
    `**${killed} of ${verdicts.length} killed.** _Took_ is how many seeds of the simulator were run,`,
    "or how many events of the explorer it takes.",
  ];
  for (const { title, mutants, excused } of Object.values(families)) {
    lines.push("", `## ${title}`, "", "| row | bug | found by | took |", "| - | - | - | - |");
    for (const verdict of verdicts) {
      if (mutants.includes(verdict.mutant)) lines.push(rowOf(verdict));
    }
    if (excused.length > 0) lines.push("", "Not put in:", "");
    for (const { row, why } of excused) lines.push(`- ${row}: ${why}`);
  }
  return lines.join("\n") + "\n";
}

function rowOf({ after, by, kind, mutant: { bug, killer, row } }: Verdict): string {
  const found = kind === "killed" ? `${HARNESSES[killer.harness]}: ${by}` : `**${kind}**: ${by}`;
  const unit = killer.harness === "sim" ? "seed" : "event";
  const took = after === null ? "" : `${after} ${unit}${after === 1 ? "" : "s"}`;
  return `| ${row} | ${bug} | ${found.replaceAll("|", "\\|")} | ${took} |`;
}

const HARNESSES = { sim: "simulator", explore: "explorer", test: "test" } as const;
