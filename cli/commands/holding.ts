/**
 * What `lock` and `elect` share: something is held for as long as a program runs, or until Ctrl-C.
 *
 * @module
 */

import type { Claim, ClaimOptions, Kv } from "@raftkv/client";
import type { Flag, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { parseDurationMs } from "../duration.ts";
import { EXIT } from "../exit_code.ts";
import { CommandFailure, UsageError } from "../failures.ts";
import { stopSignal } from "../stop_signal.ts";

/** Flags of whatever waits for its turn. */
export const HOLDING_FLAGS: readonly Flag[] = [
  { name: "ttl", value: "SECONDS", summary: "let go this long after a crash; 15 if not given" },
  {
    name: "wait",
    value: "TIME",
    summary: "give up waiting after 500ms, 5s, 2m; never if not given",
  },
];

/** What is to be held, and what for. */
export interface Holding {
  /** Waits for it. */
  readonly claim: (client: Kv, options: ClaimOptions) => Promise<Claim>;
  /** The program to run meanwhile, with its arguments; none for until Ctrl-C. */
  readonly program: readonly string[];
  /** Said when it is held. */
  readonly what: string;
}

/** Waits, runs the program, lets go; the exit code is the program's. */
export async function hold(invocation: Invocation, holding: Holding): Promise<number> {
  const { output, surroundings } = invocation;
  using stop = stopSignal(surroundings);
  await using client = connectFor(invocation, { isLong: true });
  // The waiting outlasts any outage. That no node is there at all is more likely a wrong address.
  await client.health({ signal: stop.signal });
  const claim = await holding.claim(client, { ...claimOptions(invocation), signal: stop.signal });
  try {
    const { key, token } = claim;
    if (holding.program.length === 0) {
      await output.result({ json: { key, token }, text: `${holding.what}, token ${token}` });
      await Promise.race([aborted(stop.signal), aborted(claim.signal)]);
      if (claim.signal.aborted) throw lost(holding.what);
      return EXIT.ok;
    }
    return await runHeld(invocation, { claim, stop: stop.signal, holding });
  } finally {
    await claim[Symbol.asyncDispose]();
  }
}

async function runHeld(
  { surroundings }: Invocation,
  { claim, stop, holding }: {
    readonly claim: Claim;
    readonly stop: AbortSignal;
    readonly holding: Holding;
  },
): Promise<number> {
  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of [claim.signal, stop]) signal.addEventListener("abort", end, { once: true });
  const code = await surroundings.runProgram(holding.program, {
    env: { RAFTKV_KEY: claim.key, RAFTKV_TOKEN: `${claim.token}` },
    signal: ending.signal,
  });
  if (claim.signal.aborted) throw lost(holding.what);
  return code;
}

function claimOptions(invocation: Invocation): ClaimOptions {
  const { flags } = invocation;
  const [ttl, wait] = [flags.get("ttl"), flags.get("wait")];
  if (ttl !== undefined && !/^[1-9]\d{0,8}$/.test(ttl)) {
    throw new UsageError(`Cannot read --ttl: Expected a whole number of seconds: "${ttl}"`);
  }
  const timeoutMs = wait === undefined ? undefined : parseDurationMs(wait);
  if (timeoutMs === null) {
    throw new UsageError(`Cannot read --wait: Expected 500ms, 5s or 2m: "${wait}"`);
  }
  return {
    ...ttl === undefined ? {} : { ttl: Number(ttl) },
    ...timeoutMs === undefined ? {} : { timeoutMs },
  };
}

function lost(what: string): CommandFailure {
  return new CommandFailure(`Lost on the way: ${what}`, { code: "lost", exitCode: EXIT.failed });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
