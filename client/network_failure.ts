/**
 * What a rejected `fetch` says about whether the request left. The standard says nothing, so this
 * reads what each runtime adds, and takes everything it does not know for "may have arrived".
 *
 * @module
 */

import type { AttemptFailure } from "./retry.ts";

/** System calls of Node that run before a byte is sent. */
const SYSCALLS_BEFORE_SENDING: readonly unknown[] = ["connect", "getaddrinfo"];

/** Tells a request that never left from one that may have. */
export function classifyNetworkError(error: unknown): AttemptFailure {
  const message = describeNetworkError(error);
  return { kind: neverLeft(error) ? "refused" : "lost", message };
}

function neverLeft(error: unknown): boolean {
  const cause = causeOf(error);
  if (cause === undefined) return false;
  // Deno (hyper) names the phase that failed, Node the system call or undici's own code.
  if (cause.message.includes("client error (Connect)")) return true;
  if ("code" in cause && cause.code === "UND_ERR_CONNECT_TIMEOUT") return true;
  if ("syscall" in cause && SYSCALLS_BEFORE_SENDING.includes(cause.syscall)) return true;
  return cause instanceof AggregateError && cause.errors.length > 0 &&
    cause.errors.every((each) => neverLeft({ cause: each }));
}

function describeNetworkError(error: unknown): string {
  const cause = causeOf(error);
  const text = cause?.message || (error instanceof Error ? error.message : String(error));
  // Deno's text repeats the address and the phase before the part that a person wants.
  return text.replace(/^.*client error \(\w+\): /s, "");
}

function causeOf(error: unknown): Error | undefined {
  if (typeof error !== "object" || error === null || !("cause" in error)) return undefined;
  return error.cause instanceof Error ? error.cause : undefined;
}
