/**
 * Which mutants are to be tried.
 *
 * @module
 */
import type { Families } from "./families.ts";
import type { Mutant } from "./mutant.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The mutants that all given conditions leave, in the order of the families. */
export function choose(
  families: Families,
  only: {
    readonly family: string | null;
    readonly row: string | null;
    readonly tenth: number | null;
  },
): readonly Mutant[] {
  if (only.family !== null && !Object.hasOwn(families, only.family)) {
    throw new RangeError(`Cannot choose: No such family: ${only.family}`);
  }
  const chosen = Object.entries(families)
    .flatMap(([name, { mutants }]) => only.family === null || only.family === name ? mutants : [])
    .filter((_, at) => only.tenth === null || at % 10 === only.tenth)
    .filter(({ row }) => only.row === null || row.split(", ").includes(only.row));
  // None tried would be none alive, and all be well.
  if (chosen.length === 0) throw new RangeError("Cannot choose: There are no such bugs");
  return chosen;
}

/** A tenth as it is asked for; "today" is another one each day. */
export function tenthOf(asked: string, now: Date): number {
  const tenth = asked === "today" ? Math.floor(now.getTime() / DAY_MS) % 10 : Number(asked);
  if (Number.isInteger(tenth) && tenth >= 0 && tenth <= 9) return tenth;
  throw new RangeError(`Cannot choose: A tenth is a number from 0 to 9 or "today": ${asked}`);
}
