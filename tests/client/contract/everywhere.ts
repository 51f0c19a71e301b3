/**
 * All cases in turn, in whatever runs this: it is bundled for Node and for browsers, and says what
 * became of each case to whoever waits for it.
 *
 * @module
 */

import { connect } from "@raftkv/client";
import { CASES } from "./cases.ts";

/** What became of one case. */
export interface CaseReport {
  readonly name: string;
  /** Why it failed, or null. */
  readonly error: string | null;
}

/** Where the cases run, and whom they tell. */
export interface Errand {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly reportUrl: string;
}

/** Runs every case, and reports each once it has ended. */
export async function runEverywhere({ endpoints, prefix, reportUrl }: Errand): Promise<void> {
  // The time is for a leader that dies on the way.
  const kv = connect({ endpoints, timeoutMs: 60_000 });
  for (const [at, { name, run }] of CASES.entries()) {
    let error: string | null = null;
    try {
      await run({ kv, prefix: `${prefix}/${at}/` });
    } catch (thrown) {
      error = thrown instanceof Error ? `${thrown.stack}` : String(thrown);
    }
    const report: CaseReport = { name, error };
    await fetch(reportUrl, { method: "POST", body: JSON.stringify(report) });
  }
  await kv.close();
}

Object.assign(globalThis, { runEverywhere });
