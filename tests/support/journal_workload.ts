/**
 * Clients of a journal: they write unique lines and read, and the books are checked. The smallest
 * workload there is.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { StateMachine } from "@raftkv/core/replica";
import type {
  Cluster,
  RequestEnd,
  Violation,
  Workload,
  WorkloadKind,
  WorkloadParts,
} from "@raftkv/sim";
import { JournalMachine, line } from "./journal_machine.ts";

/** A journal and its clients. */
export const JOURNAL: WorkloadKind<number> = {
  name: "journal",
  marks: [],
  createMachine: () => new JournalMachine(),
  create: (parts) => new JournalWorkload(parts),
  probe: () => line("probe"),
};

type End = RequestEnd<number>["kind"] | string;

class JournalWorkload implements Workload {
  readonly #world: Cluster<number>;
  readonly #random: Random;
  readonly #writes = new Map<string, { end: End; place: number | null }>();
  readonly #violations: Violation[] = [];
  #openCount = 0;
  #answeredCount = 0;
  #lines = 0;
  /** How long the journal is at least, by all that any client was told. */
  #known = 0;

  constructor({ world, random }: WorkloadParts<number>) {
    this.#world = world;
    this.#random = random;
  }

  get openCount(): number {
    return this.#openCount;
  }

  get answeredCount(): number {
    return this.#answeredCount;
  }

  begin(): void {}

  act(): void {
    const nodes = this.#world.nodes.filter(({ isUp }) => isUp);
    const node = nodes[Math.floor(this.#random() * nodes.length)];
    if (node === undefined) return;
    if (this.#random() < 0.5) this.#write(node.id);
    else if (this.#random() < 0.3) { for (const { id } of nodes) this.#read(id); }
    else this.#read(node.id);
  }

  settle(): void {}

  judge(final: StateMachine<unknown>): readonly Violation[] {
    const { lines } = final as JournalMachine;
    const places = Map.groupBy(lines.keys(), (at) => lines[at] as string);
    for (const [text, { end, place }] of this.#writes) {
      const found = places.get(text) ?? [];
      if (found.length > 1) this.#blame("I22 exactly once", `${text} stands at ${found}`);
      if (place !== null && lines[place - 1] !== text) {
        this.#blame("I20 what is acknowledged stays", `${text} was at ${place}, now at ${found}`);
      }
      const mayHaveHappened = place !== null || end === "unknown" || end === "timeout" ||
        end === "disconnected";
      if (!mayHaveHappened && found.length > 0) {
        this.#blame("I21 what was refused did not happen", `${text} ended with ${end}`);
      }
    }
    return this.#violations;
  }

  #write(node: string): void {
    const text = `line ${++this.#lines}`;
    this.#openCount++;
    const write: { end: End; place: number | null } = { end: "open", place: null };
    this.#writes.set(text, write);
    this.#world.propose(node, line(text), {
      onEnd: (end) => {
        this.#openCount--;
        write.end = end.kind === "failed" ? end.reason : end.kind;
        if (end.kind !== "applied") return;
        this.#answeredCount++;
        write.place = end.result;
        this.#known = Math.max(this.#known, end.result);
      },
    });
  }

  /**
   * A read must see every write that was acknowledged, and all that any read saw, before it began
   * (linearizability of a journal that only grows).
   */
  #read(node: string): void {
    const floor = this.#known;
    this.#openCount++;
    this.#world.read(node, {
      mode: this.#random() < 0.5 ? "lease" : "linearizable",
      onEnd: ({ kind }) => {
        this.#openCount--;
        if (kind !== "readable") return;
        this.#answeredCount++;
        const { length } = (this.#world.node(node).machine as unknown as JournalMachine).lines;
        if (length < floor) this.#blame("I24 no read is stale", `${node}: ${length} < ${floor}`);
        this.#known = Math.max(this.#known, length);
      },
    });
  }

  #blame(invariant: string, evidence: string): void {
    this.#violations.push({ invariant, evidence });
  }
}
