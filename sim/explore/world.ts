/**
 * The explored cluster: three nodes and the messages that were ever sent. A message stays on its way
 * for ever, so it may arrive soon, late, never, or again: loss, delay, reordering, duplication and
 * replay are all there without an event of their own.
 *
 * @module
 */

import type { Term } from "@raftkv/core/raft";
import { type Event, type EventKind, packEvent } from "./event.ts";
import { LANES, NODES } from "./fingerprint.ts";
import { type History, NO_HISTORY, withCommit, withLeader, withVote } from "./history.ts";
import { Interner } from "./interner.ts";
import { type Local, Locals, type Mark, type Step } from "./locals.ts";
import { Messages } from "./messages.ts";
import { blaming } from "./rule_broken.ts";
import { checkPair } from "./rules.ts";

/** How far the search goes. */
export interface Bounds {
  /** Terms after the last of the start. */
  readonly terms: number;
  /** Commands that clients propose. */
  readonly entries: number;
  /** Crashes, each followed by a restart at some later time. */
  readonly crashes: number;
  /** Reads that clients ask for. */
  readonly reads: number;
}

/** What was used up of the bounds. */
export type Used = Pick<Bounds, "entries" | "crashes" | "reads">;

/** What is used up by which kind of event. */
const COUNTERS: Readonly<Partial<Record<EventKind, keyof Used>>> = {
  propose: "entries",
  read: "reads",
  crash: "crashes",
};

/** A state of the cluster, in numbers. */
export interface State {
  /** The states of the three nodes. */
  readonly locals: readonly number[];
  /** What no crash erases. */
  readonly history: number;
  /** What was used up. */
  readonly used: number;
  /** What is on its way, in ascending order. */
  readonly messages: readonly number[];
}

/** What an event changes. */
export interface Change extends Omit<State, "locals" | "messages"> {
  /** The event, packed. */
  readonly event: number;
  /** Where it happens. */
  readonly node: number;
  /** The state that the node comes to. */
  readonly local: number;
  /** What comes to be on its way and was not, in ascending order. */
  readonly added: readonly number[];
  /** What came about. */
  readonly marks: readonly Mark[];
}

/** The tables behind the numbers, and the step from one state to the next. */
export class World {
  readonly bounds: Bounds;
  readonly messages: Messages = new Messages();
  readonly locals: Locals;
  readonly #histories = new Interner<History>();
  readonly #used = new Interner<Used>();
  readonly #usedAfterEach = new Map<string, number>();
  #termMax: Term;

  /** Makes the tables. Terms are bounded once {@linkcode World.bound} is called. */
  constructor(bounds: Bounds) {
    this.bounds = bounds;
    this.#termMax = Number.MAX_SAFE_INTEGER as Term;
    this.locals = new Locals(this.messages, () => this.#termMax);
  }

  /** Begins to count from here: the same state, with nothing used up. */
  bound(state: State): State {
    const terms = state.locals.map((local) => this.locals.at(local).view.term);
    this.#termMax = Math.max(...terms) + this.bounds.terms as Term;
    this.locals.forgetOutcomes();
    return { ...state, used: this.#usedOf({ entries: 0, crashes: 0, reads: 0 }) };
  }

  /** Three new nodes. */
  fresh(): State {
    return {
      locals: NODES.map((_, node) => this.locals.fresh(node)),
      history: this.#histories.idOf({ value: NO_HISTORY, nowMs: 0 }, () => NO_HISTORY),
      used: this.#usedOf({ entries: 0, crashes: 0, reads: 0 }),
      messages: [],
    };
  }

  /**
   * All that may happen in a state: each change that is within the bounds.
   *
   * @param visit Called with each; what it is given does not outlive the call.
   * @throws {RuleBroken} if a rule is broken
   */
  changes(state: State, visit: (change: Change) => void): void {
    const used = this.#used.kept[state.used] as Used;
    for (const [node, id] of state.locals.entries()) {
      const local = this.locals.at(id);
      const happens = (kind: EventKind, argument = 0) => {
        for (const change of this.#outcomes(state, { node, kind, argument })) visit(change);
      };
      for (const message of state.messages) {
        if (this.messages.at(message).to === node) happens("message", message);
      }
      happens("timer");
      if (local.isWriting) happens("persisted");
      if (used.crashes < this.bounds.crashes) {
        happens("crash");
        if (local.isWriting) happens("crash", 1);
      }
      if (local.view.role !== "leader") continue;
      happens("silence");
      if (used.entries < this.bounds.entries) happens("propose", used.entries + 1);
      if (used.reads < this.bounds.reads) happens("read", this.historyOf(state).committed.length);
    }
  }
  /** The state after a change. */
  apply(state: State, { added, history, local, node, used }: Change): State {
    return {
      locals: state.locals.with(node, local),
      history,
      used,
      messages: added.length === 0
        ? state.messages
        : [...state.messages, ...added].sort((a, b) => a - b),
    };
  }

  /** What no crash erases, up to this state. */
  historyOf(state: State): History {
    return this.#histories.kept[state.history] as History;
  }

  /** A node of a state. */
  localOf(state: State, node: number): Local {
    return this.locals.at(state.locals[node] as number);
  }

  /** Adds the fingerprints of all parts of a state up. */
  sumOf(state: State): Uint32Array {
    const sum = new Uint32Array(LANES);
    for (const id of state.locals) add(sum, this.locals.lanes, id);
    for (const id of state.messages) add(sum, this.messages.lanes, id);
    add(sum, this.#histories.lanes, state.history);
    add(sum, this.#used.lanes, state.used);
    return sum;
  }

  /** Turns the sum of a state into that of the state after a change, in `sum`. */
  move(sum: Uint32Array, state: State, change: Change): void {
    subtract(sum, this.locals.lanes, state.locals[change.node] as number);
    add(sum, this.locals.lanes, change.local);
    for (const id of change.added) add(sum, this.messages.lanes, id);
    if (change.history !== state.history) {
      subtract(sum, this.#histories.lanes, state.history);
      add(sum, this.#histories.lanes, change.history);
    }
    if (change.used !== state.used) {
      subtract(sum, this.#used.lanes, state.used);
      add(sum, this.#used.lanes, change.used);
    }
  }

  /**
   * The change that one event makes; null if it makes none.
   *
   * @throws {RuleBroken} if a rule is broken
   */
  changeBy(state: State, event: Event): Change | null {
    const packed = packEvent(event);
    return this.#outcomes(state, event).find((change) => change.event === packed) ?? null;
  }

  #outcomes(state: State, event: Omit<Event, "keepsUp">): Change[] {
    const { node } = event;
    const steps = this.locals.outcomes(state.locals[node] as number, event);
    const changes: Change[] = [];
    for (const step of steps) {
      const added = step.added.filter((id) => !state.messages.includes(id));
      if (step.to === state.locals[node] && added.length === 0) continue;
      const history = this.#historyAfter(state, { node, step });
      const used = this.#usedAfter(state.used, event.kind);
      const marks = this.#marksOf(step, { before: state.history, after: history });
      changes.push({ event: step.event, node, local: step.to, history, used, added, marks });
    }
    return changes;
  }

  #historyAfter(state: State, { node, step }: { node: number; step: Step }): number {
    if (step.votes.length === 0 && !step.isElected && !step.isNews) return state.history;
    const before = this.historyOf(state);
    const own = this.locals.at(step.to).view;
    const all = state.locals.map((id, at) => at === node ? own : this.locals.at(id).view);
    let history = before;
    blaming(step.event, () => {
      for (const vote of step.votes) history = withVote(history, vote);
      if (step.isElected) history = withLeader(history, own);
      if (!step.isNews) return;
      history = withCommit(history, own, all);
      for (const other of all) if (other !== own) checkPair(own, other);
    });
    if (history === before) return state.history;
    return this.#histories.idOf({ value: history, nowMs: 0 }, () => history);
  }

  #marksOf(step: Step, history: { before: number; after: number }): readonly Mark[] {
    if (history.before === history.after) return step.marks;
    const [before, after] = [
      this.#histories.kept[history.before],
      this.#histories.kept[history.after],
    ];
    const isCommit = (after?.committed.length ?? 0) > (before?.committed.length ?? 0);
    return isCommit ? [...step.marks, "an entry is committed"] : step.marks;
  }

  #usedAfter(used: number, kind: EventKind): number {
    const counter = COUNTERS[kind];
    if (counter === undefined) return used;
    const key = `${used} ${kind}`;
    const known = this.#usedAfterEach.get(key);
    if (known !== undefined) return known;
    const before = this.#used.kept[used] as Used;
    const after = this.#usedOf({ ...before, [counter]: before[counter] + 1 });
    this.#usedAfterEach.set(key, after);
    return after;
  }

  #usedOf(used: Used): number {
    return this.#used.idOf({ value: used, nowMs: 0 }, () => used);
  }
}

function add(sum: Uint32Array, lanes: Uint32Array, id: number): void {
  const first = id * LANES;
  for (let at = 0; at < LANES; at++) sum[at] = (sum[at] as number) + (lanes[first + at] as number);
}

function subtract(sum: Uint32Array, lanes: Uint32Array, id: number): void {
  const first = id * LANES;
  for (let at = 0; at < LANES; at++) sum[at] = (sum[at] as number) - (lanes[first + at] as number);
}
