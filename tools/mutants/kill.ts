/**
 * Puts a mutant in, lets its killer loose, and says how that went.
 *
 * @module
 */
import type { Copy, Outcome } from "./copy.ts";
import type { Find, Hunt } from "./hunt.ts";
import { editsOf, type Killer, type Mutant } from "./mutant.ts";

/** How a mutant fared. `wrong`: something was found, but not what must be. */
export interface Verdict {
  readonly mutant: Mutant;
  readonly kind: "killed" | "alive" | "wrong";
  /** The rule, or the test, that named it; else what happened instead. */
  readonly by: string;
  /** Seeds, or events, that it took; null for a test. */
  readonly after: number | null;
  readonly seconds: number;
}

/** What a mutant is put into. */
export type Ground = Pick<Copy, "misfit" | "with" | "deno">;

type Fate = Pick<Verdict, "kind" | "by" | "after">;

/** Longest time that anything may take: an endless loop finds no bug. */
const LIMIT_MS = 300_000;

/** Kills a mutant, or fails to. */
export async function kill(mutant: Mutant, copy: Ground): Promise<Verdict> {
  const startMs = performance.now();
  const misfit = await copy.misfit(editsOf(mutant));
  if (misfit !== null) {
    return { mutant, kind: "wrong", by: `it does not fit: ${misfit}`, after: null, seconds: 0 };
  }
  const fate = mutant.killer.harness === "test"
    ? await killByTest(mutant, copy)
    : await killByHunt({ mutant, hunt: mutant.killer }, copy);
  return { mutant, ...fate, seconds: (performance.now() - startMs) / 1_000 };
}

async function killByHunt(
  { hunt, mutant }: { readonly mutant: Mutant; readonly hunt: Hunt },
  copy: Ground,
): Promise<Fate> {
  const found = await copy.with(editsOf(mutant), () => send(hunt, copy));
  if (found === null) return { kind: "alive", by: "nothing", after: null };
  if (typeof found === "string") return { kind: "wrong", by: found, after: null };
  const { after, rule } = found;
  if (!hunt.rules.some((name) => isNamed(rule, name))) {
    return { kind: "wrong", by: rule, after };
  }
  // The same search must find nothing in sound code, or the rule is what is wrong.
  const sound = await send(
    hunt.harness === "sim" ? { ...hunt, from: after, seeds: 1 } : { ...hunt, depth: after },
    copy,
  );
  if (sound !== null) return { kind: "wrong", by: `also found in sound code: ${rule}`, after };
  return { kind: "killed", by: rule, after };
}

/** Whether a rule is the one of this name: "I2" is not "I24". */
function isNamed(rule: string, name: string): boolean {
  return rule === name || (rule.startsWith(name) && /^\W/.test(rule.slice(name.length)));
}

/** What a hunt finds; a text if it came to no end of its own. */
async function send(hunt: Hunt, copy: Ground): Promise<Find | string | null> {
  const flags = ["--quiet", "--no-prompt", "--no-check", "--allow-read"];
  const args = ["run", ...flags, "tools/mutants/hunt.ts", JSON.stringify(hunt)];
  const outcome = await copy.deno(args, LIMIT_MS);
  if (outcome.isLate) return "it took too long";
  const line = outcome.output.trim().split("\n").at(-1) ?? "";
  return outcome.success ? JSON.parse(line) as Find | null : `it crashed: ${firstLine(outcome)}`;
}

async function killByTest(mutant: Mutant, copy: Ground): Promise<Fate> {
  const { killer } = mutant;
  if (killer.harness !== "test") throw new TypeError("Cannot run a test: The killer is none");
  const by = `${killer.file}: ${killer.name}`;
  if (!await passesInSoundCode(killer, copy)) {
    return { kind: "wrong", by: `fails in sound code: ${by}`, after: null };
  }
  const outcome = await copy.with(editsOf(mutant), () => runTest(killer, copy));
  if (outcome.isLate) return { kind: "wrong", by: "it took too long", after: null };
  if (outcome.success) return { kind: "alive", by: "nothing", after: null };
  // A file that does not even load would be found by anything.
  const hasRun = outcome.output.includes(" ... FAILED");
  return hasRun
    ? { kind: "killed", by, after: null }
    : { kind: "wrong", by: `it did not run: ${firstLine(outcome)}`, after: null };
}

/** Tests that many mutants share need not be seen to pass for each of them. */
const SOUND = new Map<string, Promise<Outcome>>();

async function passesInSoundCode(
  killer: Extract<Killer, { harness: "test" }>,
  copy: Ground,
): Promise<boolean> {
  const key = `${killer.file}: ${killer.name}`;
  const known = SOUND.get(key) ?? runTest(killer, copy);
  SOUND.set(key, known);
  return (await known).success;
}

function runTest(
  { file, name }: Extract<Killer, { harness: "test" }>,
  copy: Ground,
): Promise<Outcome> {
  const flags = ["--quiet", "--no-prompt", "--no-check", "--allow-all", "--filter", name];
  return copy.deno(["test", ...flags, `tests/${file}`], LIMIT_MS);
}

function firstLine({ output }: Outcome): string {
  return output.split("\n").find((line) => line.includes("rror")) ?? output.slice(0, 200);
}
