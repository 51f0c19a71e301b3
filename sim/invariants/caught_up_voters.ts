/**
 * I16, of new voters: who comes to vote has caught up. It took appends of the very leader that makes
 * it a voter, in its term; it answered within the shortest election timeout; and of what stood in that
 * leader's log it lacks no more than a thousand entries on its disk (thesis §4.2.1).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Message, NodeId } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import type { FollowerAnswers } from "./follower_answers.ts";
import type { Rule, Step } from "./rule.ts";

const LACKING_MAX = 1_000;

/** I16 new voters have caught up. */
export class CaughtUpVoters implements Rule {
  readonly #answers: FollowerAnswers;
  readonly #timeoutMs: number;
  /** When each node last took anything in, by its own clock: what time it takes it to be. */
  readonly #nowMs = new Map<NodeId, number>();

  /** Begins with nothing seen. `timeoutMs` is the shortest election timeout. */
  constructor(answers: FollowerAnswers, timeoutMs: number) {
    this.#answers = answers;
    this.#timeoutMs = timeoutMs;
  }

  onReceived({ clock, id }: Observed, _from: NodeId, _message: Message): void {
    this.#nowMs.set(id, clock.monotonicMs);
  }

  onTold({ clock, id }: Observed, _input: Told): void {
    this.#nowMs.set(id, clock.monotonicMs);
  }

  onCommitted({ now, before }: Step): void {
    if (before === null || now.configurationIndex === before.configurationIndex) return;
    const { id, role, term } = now.status;
    if (role !== "leader" || before.status.role !== "leader" || before.status.term !== term) return;
    const nowMs = this.#nowMs.get(id) ?? -Infinity;
    for (const voter of now.configuration.voters) {
      if (before.configuration.voters.includes(voter)) continue;
      const answers = this.#answers.of(id, term, voter);
      const lacking = now.configurationIndex - 1 - (answers?.upTo ?? 0);
      invariant(
        answers?.hasAccepted === true && nowMs - answers.atMs < this.#timeoutMs &&
          lacking <= LACKING_MAX,
        "I16 configurations: who comes to vote has caught up",
        () => ({ leader: id, term, voter, lacking, answers, nowMs }),
      );
    }
  }
}
