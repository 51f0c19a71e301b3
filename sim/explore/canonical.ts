/**
 * One text for one content: what a node remembers, a message or a history, written so that two of
 * equal meaning give equal texts, under any renaming of the nodes.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";

/** How a value is written. */
export interface Writing {
  /** The nodes' names in the text. */
  readonly rename: ReadonlyMap<string, NodeId>;
  /** The clock of the node that is written: moments are told from it. */
  readonly nowMs: number;
}

/** Options of a node, its clocks, and what follows from the rest: they tell no states apart. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...["timing", "windows", "random", "configuration"],
  ...["nowMs", "wallMs"],
  // How soon a campaign is repeated is left to chance: any time may come first.
  "campaigns",
  // Lease reads are off: what clocks do to them is the simulator's business.
  ...["lease", "voteWithheldUntilMs", "withholdsUntilMs"],
  // A batch's number only says that it is the batch on its way, and there is at most one.
  ...["ticket", "tickets"],
]);

/** Lists whose order says nothing: they stand in order of the names, which are renamed here. */
const SETS: ReadonlySet<string> = new Set([
  ...["now", "held", "after"],
  ...["members", "voters", "votersOutgoing", "learners", "candidates"],
]);

/** Moments: what counts is how long ago, up to where it makes no difference any more. */
const MOMENT =
  /^(?:heartbeatDue|leaderContact|electionDeadline|deadline|lastContact|\w*[sS]ince|sentAt)Ms$/;

/**
 * The shortest election timeout of the explored nodes. Moments are told in multiples of it: shorter
 * times only say how many heartbeats there were, and no rule asks for more than two of it.
 */
export const LONG_MS = 1_000;

const LONGS_MAX = 3;

/** Writes a value. */
export function canonical(value: unknown, writing: Writing): string {
  return write(value, "", writing);
}

function write(value: unknown, key: string, writing: Writing): string {
  switch (typeof value) {
    case "string":
      return `"${writing.rename.get(value) ?? value}"`;
    case "number":
      return MOMENT.test(key) ? String(longsOf(value - writing.nowMs)) : String(value);
    case "object":
      return value === null ? "null" : writeObject(value, key, writing);
    default:
      return String(value);
  }
}

function longsOf(ms: number): number {
  return Math.max(-LONGS_MAX, Math.min(LONGS_MAX, Math.round(ms / LONG_MS)));
}

function writeObject(value: object, key: string, writing: Writing): string {
  if (value instanceof Uint8Array) return `<${value.join()}>`;
  if (Array.isArray(value)) {
    const items = value.map((item) => write(item, key, writing));
    return `[${(SETS.has(key) ? items.sort() : items).join()}]`;
  }
  if (value instanceof Map) {
    return `{${
      [...value].map(([name, item]) => `${write(name, "", writing)}=${write(item, "", writing)}`)
        .sort().join()
    }}`;
  }
  const { toJSON } = value as { toJSON?: () => unknown };
  if (toJSON !== undefined) return write(toJSON.call(value), key, writing);
  let text = "{";
  for (const [name, item] of Object.entries(value)) {
    if (!LEFT_OUT.has(name)) text += `${name}:${write(item, name, writing)},`;
  }
  return text + "}";
}
