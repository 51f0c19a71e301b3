/**
 * Random lives of a store: what a replica within its specification may ask of it, in any order.
 *
 * @module
 */

import type { Random } from "@raftkv/core/random";
import type { Entry, HardState } from "@raftkv/core/raft";
import { entryOf, hardStateOf } from "../../../storage/testing/fixtures.ts";
import { append, compact, EMPTY, type Model, receive, save, type Step } from "../workload.ts";

/** Something that happens to a store. */
export type Event =
  /** A call. With little room it may find the disk full; it is then tried again, or given up. */
  | {
    readonly kind: "call";
    readonly step: Step;
    readonly roomBytes: number;
    readonly isGivenUp: boolean;
  }
  /** A snapshot is saved while batches are appended. */
  | { readonly kind: "beside"; readonly save: Step; readonly appends: readonly Step[] }
  /** It is closed and opened again. */
  | { readonly kind: "restart" };

/** A life of `length` events. */
export function lifeOf(random: Random, length: number): Event[] {
  const events: Event[] = [];
  const author = new Author(random);
  while (events.length < length) events.push(...author.next());
  return events;
}

class Author {
  readonly #random: Random;
  #model: Model = EMPTY;
  #term = 1;
  #vote: string | null = null;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Event[] {
    const dice = this.#random();
    if (dice < 0.4) return [this.#call(this.#append())];
    if (dice < 0.5) return [this.#attempt(), this.#call(this.#append())];
    if (dice < 0.6) return [this.#call(this.#replaceTail())];
    if (dice < 0.66) return [{ kind: "restart" }];
    if (dice < 0.82) return this.#snapshot();
    if (dice < 0.9) return [this.#call(compact(this.#model.snapshotIndex))];
    return this.#install();
  }

  /** Decides on a call and takes it for done. */
  #call(step: Step): Event {
    this.#model = step.after(this.#model);
    const isTight = this.#random() < 0.25;
    const most = step.name.startsWith("append") ? 900 : 7_000;
    const roomBytes = isTight ? this.#below(most) : Number.POSITIVE_INFINITY;
    return { kind: "call", step, roomBytes, isGivenUp: false };
  }

  /** A batch for which there is hardly room, and in place of which another comes. */
  #attempt(): Event {
    const entries = this.#entriesFrom(this.#model.lastIndex + 1, 1 + this.#below(3));
    return { kind: "call", step: append(entries), roomBytes: this.#below(200), isGivenUp: true };
  }

  #append(): Step {
    const first = this.#model.lastIndex + 1;
    const entries = this.#entriesFrom(first, this.#below(5));
    return append(entries, entries.length === 0 || this.#random() < 0.2 ? this.#hardState() : null);
  }

  /** What a new leader does to entries that were not committed. */
  #replaceTail(): Step {
    const { lastIndex, snapshotIndex } = this.#model;
    const first = Math.max(snapshotIndex + 1, lastIndex + 1 - this.#below(6));
    this.#beginTerm();
    return append(this.#entriesFrom(first, 1 + this.#below(3)), this.#hardState());
  }

  #snapshot(): Event[] {
    const { lastIndex, snapshotIndex } = this.#model;
    if (lastIndex === snapshotIndex) return [this.#call(this.#append())];
    const index = snapshotIndex + 1 + this.#below(lastIndex - snapshotIndex);
    const saving = save(index, this.#model.entries.find((entry) => entry.index === index)!.term);
    if (this.#random() < 0.5) return [this.#call(saving)];
    const appends = Array.from({ length: 1 + this.#below(3) }, () => {
      const step = this.#append();
      this.#model = step.after(this.#model);
      return step;
    });
    this.#model = saving.after(this.#model);
    return [{ kind: "beside", save: saving, appends }];
  }

  /** A snapshot from a leader: inside the log, beyond it, or of another history. */
  #install(): Event[] {
    const { lastIndex, snapshotIndex, entries } = this.#model;
    const index = snapshotIndex + 1 + this.#below(lastIndex - snapshotIndex + 4);
    const known = entries.find((entry) => entry.index === index)?.term;
    if (known === undefined || this.#random() < 0.5) this.#beginTerm();
    const term = known !== undefined && this.#random() < 0.5 ? known : this.#term;
    const adopt = append([], this.#hardState());
    return [this.#call(adopt), this.#call(receive(index, term))];
  }

  #entriesFrom(first: number, count: number): Entry[] {
    return Array.from({ length: count }, (_, place) => {
      const entry = entryOf(first + place, this.#term);
      if (this.#random() > 0.1) return entry;
      return { ...entry, payload: new Uint8Array(200 + this.#below(1_300)).fill(3) };
    });
  }

  #hardState(): HardState {
    if (this.#random() < 0.5) this.#beginTerm();
    if (this.#random() < 0.5) this.#vote ??= `n${1 + this.#below(3)}`;
    return hardStateOf(this.#term, this.#vote);
  }

  #beginTerm(): void {
    this.#term++;
    this.#vote = null;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}
