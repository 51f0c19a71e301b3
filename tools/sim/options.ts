/**
 * What `deno task sim` is asked for.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { FAULT_CLASSES, type PlanLimits } from "@raftkv/sim";

/** One seed, again. */
export interface ReplayOptions {
  readonly kind: "replay";
  readonly seed: number;
  readonly limits: PlanLimits;
  readonly trace: boolean;
  readonly shrink: boolean;
  /** Where to write the page that shows what clients saw; null for nowhere. */
  readonly timeline: string | null;
}

/** Many seeds. */
export interface BatchOptions {
  readonly kind: "batch";
  readonly from: number;
  /** How many seeds; null for as many as there is time. */
  readonly seeds: number | null;
  /** When no further seed is begun, in minutes from now; null for never. */
  readonly minutes: number | null;
  readonly jobs: number;
  readonly limits: PlanLimits;
  readonly shrink: boolean;
  /** Whether a line is printed only for seeds that fail, not for each. */
  readonly quiet: boolean;
}

/** What is to be done. */
export type Options =
  | ReplayOptions
  | BatchOptions
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly reason: string };

const STRINGS = [
  "seed",
  "seeds",
  "from",
  "minutes",
  "jobs",
  "without",
  "only",
  "storm-ms",
  "timeline",
] as const;
/** A batch of no seeds would find nothing wrong, and say so. */
const MUST_BE_SOME: ReadonlySet<string> = new Set(["seeds", "minutes", "jobs"]);
const BOOLEANS = ["help", "shrink", "trace", "quiet"] as const;

/** Reads the command line. */
export function parseOptions(args: readonly string[]): Options {
  const unknown: string[] = [];
  const flags = parseArgs([...args], {
    string: [...STRINGS],
    boolean: [...BOOLEANS],
    alias: { h: "help", q: "quiet" },
    unknown: (name) => {
      unknown.push(name);
      return false;
    },
  });
  if (flags.help) return { kind: "help" };
  if (unknown.length > 0) return wrong(`Cannot understand ${unknown.join(" ")}`);
  const numbers = numbersIn(flags);
  if (typeof numbers === "string") return wrong(numbers);
  const limits = limitsIn(flags);
  if (typeof limits === "string") return wrong(limits);
  if (numbers["storm-ms"] !== null) Object.assign(limits, { stormMsMax: numbers["storm-ms"] });
  const { shrink, trace, quiet, timeline = null } = flags;
  if (numbers.seed !== null) {
    const isMany = [numbers.seeds, numbers.minutes, numbers.from, numbers.jobs].some(
      Number.isFinite,
    );
    if (isMany) {
      return wrong("Cannot run one seed and many: --seed goes without --seeds and its like");
    }
    return { kind: "replay", seed: numbers.seed, limits, trace, shrink, timeline };
  }
  if (trace || timeline !== null) {
    return wrong("Cannot show many seeds: --trace and --timeline go with --seed");
  }
  const { seeds, minutes, from, jobs } = numbers;
  return {
    kind: "batch",
    from: from ?? 1,
    seeds: seeds ?? (minutes === null ? 200 : null),
    minutes,
    jobs: jobs ?? navigator.hardwareConcurrency,
    limits,
    shrink,
    quiet,
  };
}

type Numbers = Record<"seed" | "seeds" | "from" | "minutes" | "jobs" | "storm-ms", number | null>;

function numbersIn(flags: Record<string, unknown>): Numbers | string {
  const numbers: Numbers = {
    seed: null,
    seeds: null,
    from: null,
    minutes: null,
    jobs: null,
    "storm-ms": null,
  };
  for (const name of Object.keys(numbers) as (keyof Numbers)[]) {
    const text = flags[name];
    if (text === undefined) continue;
    const number = Number(text);
    const isWhole = name === "minutes" || Number.isSafeInteger(number);
    const isEnough = MUST_BE_SOME.has(name) ? number > 0 : number >= 0;
    if (text === "" || !isEnough || !isWhole) return `Cannot use --${name}: "${text}"`;
    numbers[name] = number;
  }
  return numbers;
}

function limitsIn(
  { without, only }: Record<string, unknown>,
): { without?: string[] } | string {
  const known = FAULT_CLASSES.map(({ name }) => name);
  const named = [without, only].flatMap((list) => list === undefined ? [] : `${list}`.split(","))
    .filter((name) => name !== "");
  const stranger = named.find((name) => !known.includes(name));
  if (stranger !== undefined) return `There are no faults called "${stranger}": ${known.join(" ")}`;
  if (without !== undefined && only !== undefined) return "Use --without or --only, not both";
  if (without !== undefined) return { without: named };
  return only === undefined ? {} : { without: known.filter((name) => !named.includes(name)) };
}

function wrong(reason: string): Options {
  return { kind: "wrong", reason };
}
