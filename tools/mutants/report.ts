/**
 * What became of the mutants, as lines and as a document.
 *
 * @module
 */
import type { Families } from "./families.ts";
import type { Verdict } from "./kill.ts";
import type { Mutant } from "./mutant.ts";

/** One verdict in a line. */
export function lineOf({ after, by, kind, mutant, seconds }: Verdict): string {
  const count = after === null ? "" : ` after ${after}`;
  const fate = { killed: "killed", alive: "ALIVE ", wrong: "WRONG " }[kind];
  return `${fate} ${mutant.row}: ${mutant.bug} (${by}${count}, ${seconds.toFixed(1)} s)`;
}

/**
 * The document with these verdicts; of mutants that were not tried now it says what it said before.
 *
 * @param before The document as it was; empty if there was none.
 */
export function markdownOf(
  families: Families,
  verdicts: readonly Verdict[],
  { before }: { readonly before: string },
): string {
  const known = new Map(before.split("\n").map((line) => [cellsOf(line).slice(0, 2).join(), line]));
  const rows = new Map<Mutant, string>();
  for (const { mutants } of Object.values(families)) {
    for (const mutant of mutants) {
      const verdict = verdicts.find((each) => each.mutant === mutant);
      const kept = known.get(`${mutant.row},${mutant.bug}`);
      rows.set(
        mutant,
        verdict === undefined ? kept ?? rowOf(mutant, NOT_TRIED) : verdictRow(verdict),
      );
    }
  }
  const failed = [...rows.values()].filter((row) => row.includes("**")).length;
  const lines = [
    ...HEAD,
    `**${
      rows.size - failed
    } of ${rows.size} killed.** _Took_ is how many seeds of the simulator were`,
    "run, or how many events of the explorer it takes.",
  ];
  for (const { title, mutants, excused } of Object.values(families)) {
    lines.push("", `## ${title}`, "", "| row | bug | found by | took |", "| - | - | - | - |");
    for (const mutant of mutants) lines.push(rows.get(mutant)!);
    const tested = mutants.flatMap(({ bug, killer, row }) => {
      return killer.harness === "test" && killer.why !== undefined
        ? [`- ${row}, ${bug}: ${killer.why}`]
        : [];
    });
    if (tested.length > 0) lines.push("", "Found by a test alone, because:", "", ...tested);
    if (excused.length > 0) lines.push("", "Not put in:", "");
    for (const { row, why } of excused) lines.push(`- ${row}: ${why}`);
  }
  return lines.join("\n") + "\n";
}

const HEAD = [
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
];

const NOT_TRIED = { found: "**not tried**", took: "" };

function verdictRow({ after, by, kind, mutant }: Verdict): string {
  const { harness } = mutant.killer;
  const found = kind === "killed" ? `${HARNESSES[harness]}: ${by}` : `**${kind}**: ${by}`;
  const unit = harness === "sim" ? "seed" : "event";
  const took = after === null ? "" : `${after} ${unit}${after === 1 ? "" : "s"}`;
  return rowOf(mutant, { found: found.replaceAll("|", "/"), took });
}

function rowOf({ bug, row }: Mutant, cells: { found: string; took: string }): string {
  return `| ${row} | ${bug} | ${cells.found} | ${cells.took} |`;
}

function cellsOf(line: string): string[] {
  return line.split("|").slice(1).map((cell) => cell.trim());
}

const HARNESSES = { sim: "simulator", explore: "explorer", test: "test" } as const;
