/**
 * Why no order of operations explains the answers, in a few lines.
 *
 * @module
 */

import type { Key } from "@raftkv/core/kv";
import { describeOperation } from "./describe.ts";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import type { KeyAnswer, KeyRequest, KeyState } from "./key_model.ts";
import type { KvOperation } from "./kv_operation.ts";
import type { Counterexample } from "./linearizability.ts";

/** Says how far the operations on a key can be explained, and which one cannot. */
export function describeKeyCounterexample(
  counterexample: Counterexample<KeyState, KeyRequest, KeyAnswer>,
  { key, history }: { readonly key: Key; readonly history: readonly KvOperation[] },
): Finding {
  const { order, state, candidates, due } = counterexample;
  const byId = new Map(history.map((operation) => [operation.id, operation]));
  const show = ({ id }: { readonly id: number }) => `    ${describeOperation(byId.get(id)!)}`;
  const others = candidates.filter(({ id }) => id !== due.id);
  const shown = order.slice(-SHOWN_OPERATIONS);
  return {
    rule: HISTORY_RULES.serializable,
    evidence: [
      `No order of the operations on ${JSON.stringify(key)} explains every answer.`,
      `  One that comes farthest, its last ${shown.length} of ${order.length}:`,
      ...shown.map(show),
      `  The key then holds ${describeState(state)}.`,
      "  Next must come this, or one that was under way with it; none can:",
      show(due),
      ...others.map(show),
    ].join("\n"),
    operations: [...new Set([due, ...others, ...order.slice(-1)].map(({ id }) => id))],
  };
}

function describeState(state: KeyState): string {
  if (state === null) return "nothing";
  const { value, version } = state;
  const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
  return `${JSON.stringify(shown)} (version ${version})`;
}

const SHOWN_OPERATIONS = 6;
const SHOWN_CHARACTERS = 24;
