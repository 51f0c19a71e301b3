/**
 * The gate: runs the named tasks in order, one line each, and stops at the first that fails with
 * its whole output. The last line counts steps and tests: `N passed, N failed`.
 *
 * @module
 */
import { countOf } from "./gate/count.ts";
import { runTask } from "./gate/task.ts";

let passed = 0;
let failed = 0;

for (const name of Deno.args) {
  const { ok, output, seconds } = await runTask(name);
  const count = countOf(output, ok);
  passed += count.passed;
  failed += count.failed;
  if (!ok) console.log(output);
  console.log(`${ok ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s`);
  if (!ok) break;
}

console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) Deno.exit(1);
