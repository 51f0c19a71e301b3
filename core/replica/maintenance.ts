/**
 * Tells the state machine of the leader that time passes.
 *
 * @module
 */

import type { Term } from "../raft/ids.ts";
import type { Instant } from "../raft/instant.ts";
import type { Proposals } from "./proposals.ts";
import type { StateMachine } from "./state_machine.ts";

/** When the machine is next to be asked whether anything is due. */
export class Maintenance {
  readonly #machine: StateMachine<unknown>;
  readonly #heartbeatMs: number;
  #dueMs = -Infinity;
  /** The last time something was due: more may be, so it is asked again without waiting. */
  #hadWork = false;

  /** Asks nothing of a machine that time does not touch. */
  constructor(machine: StateMachine<unknown>, heartbeatMs: number) {
    this.#machine = machine;
    this.#heartbeatMs = heartbeatMs;
  }

  /** When it is next due; never, if time does not touch the machine. */
  get dueMs(): number {
    return this.#machine.maintenance === undefined ? Infinity : this.#dueMs;
  }

  /** Proposes the command that time asks for, if one does and the last one has ended. */
  flush(
    proposals: Pick<Proposals<unknown>, "isOwnUnderWay" | "addOwn">,
    { term, now: { monotonicMs, wallMs } }: { readonly term: Term; readonly now: Instant },
  ): void {
    if (monotonicMs < this.#dueMs && !this.#hadWork) return;
    // Also while the last command is under way, perhaps for long: a moment that stays in the past
    // would have the host wake this replica again and again without a pause.
    this.#dueMs = monotonicMs + this.#heartbeatMs;
    if (proposals.isOwnUnderWay) return;
    const payload = this.#machine.maintenance?.({ term, timeMs: wallMs }) ?? null;
    this.#hadWork = payload !== null;
    if (payload !== null) proposals.addOwn(payload);
  }
}
