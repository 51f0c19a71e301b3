/**
 * `raftkv watch`: follows keys.
 *
 * @module
 */

import type { WatchEvent, WatchOptions } from "@raftkv/client";
import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { UsageError } from "../failures.ts";
import { printable, printableJson, printablePair } from "../printable.ts";
import { revisionIn } from "../revision.ts";
import { stopSignal } from "../stop_signal.ts";

/** Follows keys until it is told to stop. */
export const watchCommand: Command = {
  name: "watch",
  summary: "Follow what changes",
  usage: "[PREFIX]",
  arity: [0, 1],
  flags: () => [
    { name: "key", value: "KEY", summary: "follow this one key" },
    { name: "from", value: "REV", summary: "begin with this revision; with the next if not given" },
    { name: "initial", summary: "begin with what is there" },
    { name: "prev", summary: "show what was there before" },
  ],
  details: [
    "Each change is a line, in order, none left out, across the death of nodes and outages of the\n" +
    "cluster. When what was to come next is no longer kept, a line says so, and what is there now\n" +
    "follows. Ends with Ctrl-C. With --json each event is one line of JSON. If no node answers within\n" +
    "--timeout at the start, it fails.",
  ],
  examples: [
    { line: "raftkv watch jobs/", meaning: "Follow all keys that begin with jobs/" },
    { line: "raftkv watch --key config --initial", meaning: "Show a key, then its changes" },
    { line: "raftkv watch jobs/ --from 120 --json", meaning: "Show what happened since, as JSON" },
  ],
  run: watch,
};

async function watch(invocation: Invocation): Promise<ExitCode> {
  const { flags, output, surroundings } = invocation;
  const [prefix = ""] = invocation.positionals;
  const key = flags.get("key");
  const revision = revisionIn(invocation, "from");
  if (key !== undefined && invocation.positionals.length > 0) {
    throw new UsageError("Cannot follow PREFIX and --key at once", "watch");
  }
  if (revision !== undefined && flags.has("initial")) {
    throw new UsageError("Cannot begin with --initial and --from at once", "watch");
  }
  const stop = stopSignal(surroundings);
  await using client = connectFor(invocation, { isLong: true });
  const options: WatchOptions = {
    ...key === undefined ? { prefix } : { key },
    ...revision === undefined ? {} : { revision },
    initial: flags.has("initial"),
    prevKv: flags.has("prev"),
    signal: stop.signal,
  };
  try {
    // It outlasts any outage. That no node is there at all is more likely a wrong address.
    await client.health({ signal: stop.signal });
    for await (const event of client.watch(options)) {
      await output.write(output.isJson ? JSON.stringify(event) : describeEvent(event));
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop[Symbol.dispose]();
  }
  return EXIT.ok;
}

function describeEvent(event: WatchEvent): string {
  switch (event.type) {
    case "put":
      return `${event.revision} put ${printablePair(event.entry)}${before(event)}`;
    case "delete":
      return `${event.revision} delete ${printable(event.key)}${before(event)}`;
    case "reset":
      return [
        `${event.revision} state of ${event.entries.length} keys`,
        ...event.entries.map((entry) => `${event.revision} is ${printablePair(entry)}`),
      ].join("\n");
    case "bookmark":
      return `${event.revision} bookmark`;
  }
}

function before({ prevKv }: Extract<WatchEvent, { readonly prevKv?: unknown }>): string {
  return prevKv === undefined || prevKv === null ? "" : ` (was ${printableJson(prevKv.value)})`;
}
