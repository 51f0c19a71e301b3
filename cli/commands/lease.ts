/**
 * `raftkv lease`: leases, and what ends with them.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { CommandFailure, UsageError } from "../failures.ts";
import { printable } from "../printable.ts";
import { stopSignal } from "../stop_signal.ts";
import { runVerb } from "../verbs.ts";

/** Grants, renews, ends and shows leases. */
export const leaseCommand: Command = {
  name: "lease",
  summary: "Grant, renew, end and show leases",
  usage: "grant SECONDS | keep-alive ID | revoke ID | show ID | list",
  arity: [1, 2],
  flags: () => [
    { name: "once", verbs: ["keep-alive"], summary: "renew once, and not until Ctrl-C" },
  ],
  details: [
    "A key that was put with a lease (put KEY VALUE --lease ID) ends with it: when nobody has renewed\n" +
    "it for its time, or when it is revoked. An ended lease never comes back.",
  ],
  examples: [
    { line: "raftkv lease grant 30", meaning: "Grant a lease of 30 seconds; prints its id" },
    { line: "raftkv lease keep-alive 12", meaning: "Renew it until Ctrl-C" },
    { line: "raftkv lease show 12", meaning: "Show what is left of it, and its keys" },
  ],
  run: (invocation) =>
    runVerb(invocation, {
      command: "lease",
      verbs: { grant, "keep-alive": keepAlive, revoke, show, list },
    }),
};

async function grant(invocation: Invocation, text: string): Promise<ExitCode> {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new UsageError(`Cannot read SECONDS: Expected a whole number: "${text}"`, "lease");
  }
  await using client = connectFor(invocation);
  // Closing the client ends the renewing, and leaves the lease to live its time.
  const { id, ttl } = await client.lease({ ttl: Number(text) });
  await invocation.output.result({ json: { lease: id, ttl }, text: id });
  return EXIT.ok;
}

async function keepAlive(invocation: Invocation, id: string): Promise<ExitCode> {
  const { flags, output, surroundings } = invocation;
  using stop = stopSignal(surroundings);
  await using client = connectFor(invocation, { isLong: true });
  const lease = await client.adoptLease(checked(id), { signal: stop.signal });
  const { ttl } = lease;
  await output.result({ json: { lease: id, ttl }, text: `renewed ${id} for ${ttl} s` });
  if (flags.has("once")) return EXIT.ok;
  await new Promise<void>((resolve) => {
    for (const signal of [stop.signal, lease.signal]) {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    }
  });
  if (stop.signal.aborted) return EXIT.ok;
  throw lease.signal.reason;
}

async function revoke(invocation: Invocation, id: string): Promise<ExitCode> {
  await using client = connectFor(invocation);
  const lease = await client.adoptLease(checked(id));
  await lease.revoke();
  await invocation.output.result({ json: { lease: id }, text: `revoked ${id}` });
  return EXIT.ok;
}

async function show(invocation: Invocation, id: string): Promise<ExitCode> {
  await using client = connectFor(invocation);
  const found = await client.leaseTime(checked(id));
  if (found === null) {
    const detail = { code: "lease_not_found", exitCode: EXIT.notFound };
    throw new CommandFailure(`No such lease: ${id}`, detail);
  }
  const { ttl, grantedTtl, keys } = found;
  const text = [`lease ${id}: ${ttl} of ${grantedTtl} s left`, ...keys.map(printable)].join("\n");
  await invocation.output.result({ json: found, text });
  return EXIT.ok;
}

async function list(invocation: Invocation): Promise<ExitCode> {
  await using client = connectFor(invocation);
  const { output } = invocation;
  for await (const id of client.leases()) {
    await output.result({ json: { lease: id }, text: id });
  }
  return EXIT.ok;
}

/** @throws {UsageError} if it is no id */
function checked(id: string): string {
  if (/^[1-9]\d{0,15}$/.test(id)) return id;
  throw new UsageError(`Cannot read ID: Expected the number of a lease: "${id}"`, "lease");
}
