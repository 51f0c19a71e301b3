/**
 * What a step of the gate adds to the count in the closing line.
 *
 * @module
 */

/** How many checks held and how many did not. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** The last line of `deno test`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed/gm;

/**
 * Counts a finished step: its tests where it ran some, itself otherwise. A step that failed counts
 * at least one failure, whatever its summary says: a crash after the last test is still a crash.
 */
export function countOf(output: string, ok: boolean): Count {
  let passed = 0;
  let failed = 0;
  const summaries = [...output.matchAll(SUMMARY)];
  for (const [, passedHere, failedHere] of summaries) {
    passed += Number(passedHere);
    failed += Number(failedHere);
  }
  if (ok && summaries.length === 0) passed = 1;
  if (!ok && failed === 0) failed = 1;
  return { passed, failed };
}
