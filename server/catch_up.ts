/**
 * Tells the operator how far a node that has no vote yet has come.
 *
 * @module
 */

import type { Configuration, NodeStatus } from "@raftkv/core/raft";
import type { Replica } from "@raftkv/core/replica";
import type { Duty } from "./duty.ts";
import type { NodeEvent } from "./node_events.ts";

/** What it works with. */
export interface CatchUpParts {
  readonly replica: Replica<unknown>;
  /** Asks every member how it is. */
  readonly ask: () => Promise<readonly (NodeStatus | null)[]>;
  readonly onEvent: (event: NodeEvent) => void;
}

/** Reports the progress of a learner, and that it votes. */
export class CatchUp implements Duty {
  readonly #parts: CatchUpParts;
  #configuration: Configuration | null = null;
  #role: "none" | "learner" | "candidate" | "voter" | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #percent = -1;
  #isOver = false;

  /** Begins with the first turn. */
  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  onTurn(): void {
    const { replica, onEvent } = this.#parts;
    const { configuration } = replica;
    if (configuration === this.#configuration || this.#isOver) return;
    this.#configuration = configuration;
    const before = this.#role;
    this.#role = roleOf(replica);
    if (this.#role === "voter" && (before === "learner" || before === "candidate")) {
      onEvent({ kind: "votes" });
    }
    if (this.#isBehind && this.#timer === null) this.#arm(0);
  }

  stop(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Whether there is progress to be told of: a learner that is to stay one is through at 100 %. */
  get #isBehind(): boolean {
    if (this.#isOver) return false;
    return this.#role === "candidate" || this.#role === "none" ||
      (this.#role === "learner" && this.#percent < 100);
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(async () => {
      await this.#tell();
      this.#timer = null;
      if (this.#isBehind) this.#arm(REPEAT_MS);
    }, delayMs);
  }

  async #tell(): Promise<void> {
    const { replica, ask, onEvent } = this.#parts;
    const statuses = await ask().catch(() => []);
    if (!this.#isBehind) return;
    const { appliedIndex } = replica.status();
    const target = Math.max(...statuses.map((status) => status?.commitIndex ?? 0), appliedIndex);
    const percent = target === 0 ? 0 : Math.floor(100 * appliedIndex / target);
    if (percent === this.#percent) return;
    this.#percent = percent;
    onEvent({ kind: "catching_up", appliedIndex, commitIndex: target });
  }
}

const REPEAT_MS = 1_000;

function roleOf(
  { id, configuration }: Replica<unknown>,
): "none" | "learner" | "candidate" | "voter" {
  const { voters, learners, candidates } = configuration;
  if (voters.includes(id)) return "voter";
  if (candidates.some((candidate) => candidate.id === id)) return "candidate";
  return learners.includes(id) ? "learner" : "none";
}
