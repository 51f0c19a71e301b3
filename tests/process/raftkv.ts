/**
 * The command line as a person at a prompt runs it.
 *
 * @module
 */

import { Program } from "./program.ts";

const CHECKOUT = new URL("../../", import.meta.url);

/** What a command came to. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. */
export interface RaftkvOptions {
  /** Its `RAFTKV_ENDPOINTS`. */
  readonly endpoints: string;
  readonly stdin?: string;
}

/** Runs `deno task raftkv` to its end. */
export async function raftkv(args: readonly string[], options: RaftkvOptions): Promise<Finished> {
  await using program = task(["raftkv", ...args], {
    env: { RAFTKV_ENDPOINTS: options.endpoints },
  });
  await program.input(options.stdin ?? "");
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Starts `deno task` in the checkout. */
export function task(
  args: readonly string[],
  options: ConstructorParameters<typeof Program>[2] = {},
): Program {
  return new Program(Deno.execPath(), ["task", "--quiet", ...args], {
    ...options,
    cwd: CHECKOUT.pathname,
  });
}
