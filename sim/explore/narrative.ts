/**
 * A way through the explored states, told so that a person can follow it.
 *
 * @module
 */

import { describeMessage } from "../describe_message.ts";
import { type Event, unpackEvent } from "./event.ts";
import { NODES } from "./fingerprint.ts";
import { RuleBroken } from "./rule_broken.ts";
import type { View } from "./view.ts";
import type { State, World } from "./world.ts";

/** Tells what happens on a path, event by event, and how the nodes stand at its end. */
export function narrate(
  world: World,
  start: State,
  path: readonly number[],
): string[] {
  const lines = ["at the start:", ...stand(world, start)];
  let state = start;
  for (const [at, packed] of path.entries()) {
    const event = unpackEvent(packed);
    lines.push(`${String(at + 1).padStart(3)}  ${NODES[event.node]}: ${describe(world, event)}`);
    try {
      const change = world.changeBy(state, event);
      if (change === null) continue;
      state = world.apply(state, change);
      for (const id of change.added) lines.push(`       sends ${messageLine(world, id, "to")}`);
    } catch (error) {
      if (!(error instanceof RuleBroken)) throw error;
      lines.push(`     breaks a rule: ${error.message}`);
    }
  }
  return [...lines, "at the end:", ...stand(world, state)];
}

function describe(world: World, event: Event): string {
  const disk = event.keepsUp ? "" : " (its disk lags)";
  return `${happening(world, event)}${disk}`;
}

function happening(world: World, { argument, kind }: Event): string {
  switch (kind) {
    case "message":
      return `receives ${messageLine(world, argument, "from")}`;
    case "timer":
      return "its timer runs out";
    case "silence":
      return "hears nothing for longer than any timeout";
    case "propose":
      return `a client proposes command ${argument}`;
    case "read":
      return `a client asks for a read; ${argument} entries are known to be committed`;
    case "persisted":
      return "its batch is durable";
    case "crash":
      return `crashes and restarts; its batch was ${argument === 1 ? "kept" : "lost"}`;
  }
}

function messageLine(world: World, id: number, end: "from" | "to"): string {
  const { from, message, to } = world.messages.at(id);
  return `${describeMessage(message)} ${end} ${end === "from" ? from : NODES[to]}`;
}

function stand(world: World, state: State): string[] {
  return NODES.map((_, node) => `     ${viewLine(world.localOf(state, node).view)}`);
}

function viewLine({ commitIndex, durable, hardState, id, log, role, term }: View): string {
  const terms = (entries: View["log"]) => entries.map((entry) => entry.term).join(",");
  const disk = `term ${hardState.term} vote ${hardState.votedFor ?? "none"} [${terms(durable)}]`;
  return `${id} ${role} term ${term} [${terms(log)}] commit ${commitIndex}; disk: ${disk}`;
}
