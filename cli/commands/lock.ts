/**
 * `raftkv lock`: runs a program while holding a lock.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { printable } from "../printable.ts";
import { hold, HOLDING_FLAGS } from "./holding.ts";

/** Holds a lock for as long as a program runs. */
export const lockCommand: Command = {
  name: "lock",
  summary: "Run a program while holding a lock",
  usage: "NAME [-- PROGRAM ARGUMENTS]",
  arity: [1, Infinity],
  flags: () => HOLDING_FLAGS,
  details: [
    "Waits until nobody else holds the lock, runs PROGRAM, and lets go; without PROGRAM it holds the\n" +
    "lock until Ctrl-C. The exit code is that of PROGRAM. If the lock is lost meanwhile, because the\n" +
    "cluster could not be reached for longer than --ttl, PROGRAM is asked to stop (SIGTERM).",
    "If no node answers within --timeout at the start, it fails; from then on it waits through outages\n" +
    "of the cluster too, for as long as --wait says.",
    "PROGRAM finds in RAFTKV_TOKEN a number that is greater than that of every earlier holder. What it\n" +
    "writes to should refuse smaller ones: a program that slept through the loss of its lock does not\n" +
    "know it yet. RAFTKV_KEY is the key whose create revision the token is.",
  ],
  examples: [
    { line: "raftkv lock nightly -- ./backup.sh --all", meaning: "Let one host at a time do it" },
    { line: "raftkv lock nightly --wait 1s -- ./backup.sh", meaning: "Leave it if another has it" },
  ],
  run: lock,
};

function lock(invocation: Invocation): Promise<number> {
  const [name = "", ...program] = invocation.positionals;
  return hold(invocation, {
    claim: (client, options) => client.lock(name, options),
    program,
    what: `lock ${printable(name)} is held`,
  });
}
