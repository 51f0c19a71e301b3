/**
 * Where a search begins: a new cluster, and others that it takes long to get to from there.
 *
 * @module
 */

import type { EventKind } from "./event.ts";
import { NODES } from "./fingerprint.ts";
import type { State, World } from "./world.ts";

/** The names of the starts. */
export type StartName = "new" | "led" | "torn" | "back";

/** What each start is. */
export const STARTS: Readonly<Record<StartName, string>> = {
  new: "three new nodes",
  led: "n1 leads, its first entry is committed and everywhere",
  torn: "n1 wrote a command by itself, then n2 came to lead with n3 and wrote its first entry by " +
    "itself: figure 8 of the paper after (b)",
  back: "as torn; then n1 came to lead again, with n3: figure 8 after the election of (c)",
};

/** Leads a new cluster to a start. */
export function startOf(world: World, name: StartName): State {
  const stage = new Stage(world);
  if (name !== "new") lead(stage);
  if (name === "torn" || name === "back") tear(stage);
  if (name === "back") comeBack(stage);
  return world.bound(stage.state);
}

function lead(stage: Stage): void {
  stage.elect(0, [1, 2]);
  while (stage.deliver(0, [1, 2]));
  stage.lose();
}

function tear(stage: Stage): void {
  stage.do(0, "propose", 1);
  stage.lose();
  // n3 must lose sight of n1 to vote for another.
  stage.do(2, "timer");
  stage.elect(1, [2]);
}

function comeBack(stage: Stage): void {
  stage.lose();
  stage.do(0, "silence");
  stage.do(2, "timer");
  // The refusal of the first pre-vote tells n1 which term it is.
  stage.do(0, "timer");
  while (stage.deliver(0, [2]));
  stage.elect(0, [2]);
}

/** Plays a script, disks keeping up. */
class Stage {
  state: State;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.state = world.fresh();
  }

  /** One event, if it changes anything. */
  do(node: number, kind: EventKind, argument = 0): boolean {
    const change = this.#world.changeBy(this.state, { node, kind, argument, keepsUp: true });
    if (change !== null) this.state = this.#world.apply(this.state, change);
    return change !== null;
  }

  /** Everything on its way is gone. */
  lose(): void {
    this.state = { ...this.state, messages: [] };
  }

  /** Makes a node lead by the votes of these, who speak only if they are asked. */
  elect(node: number, voters: readonly number[]): void {
    this.do(node, "timer");
    while (this.#world.localOf(this.state, node).view.role !== "leader") this.deliver(node, voters);
  }

  /** Everything between a node and these; returns whether any of it was news. */
  deliver(node: number, others: readonly number[]): boolean {
    const isBetween = (from: number, to: number) => from === node && others.includes(to);
    const arrives = (id: number) => {
      const { from, message, to } = this.#world.messages.at(id);
      const sender = NODES.indexOf(from);
      const isMeant = isBetween(sender, to) ||
        (isBetween(to, sender) && !message.type.endsWith("_request"));
      return isMeant && this.do(to, "message", id);
    };
    return this.state.messages.filter(arrives).length > 0;
  }
}
