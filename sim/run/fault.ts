/**
 * A class of faults, and the storm in which several of them rage.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import { anyTimeMs } from "../chance.ts";
import type { Cluster } from "../cluster.ts";
import type { SimulatedNode } from "../node.ts";
import type { Marks } from "./marks.ts";

/** What a fault has to do with. It is typed for any state machine: faults do not look inside. */
// deno-lint-ignore no-explicit-any -- a cluster's type is invariant in its answers: unknown fits none
export type World = Cluster<any>;

/** A class of faults, in one run on or off as a whole. */
export interface FaultClass {
  /** Its name, as `--without` takes it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly what: string;
  /** Lets it rage from now on until the storm is over; draws how hard. */
  begin(storm: Storm): void;
}

/** What all faults of one run know. */
export interface StormState {
  /** Whether nothing may begin any more. */
  isOver: boolean;
  /** Voters that somebody has asked to remove, with no answer yet. */
  readonly leaving: Set<NodeId>;
  /** Nodes whose disk was made to fail or was damaged: they may end by themselves. */
  readonly harmed: Set<NodeId>;
  /** Nodes whose disk was damaged and may turn out to be lost. */
  readonly doubtful: Set<NodeId>;
}

/** The time of faults in one run. */
export class Storm {
  /** Whom it hits. */
  readonly world: World;
  /** The chance of the fault class that is being begun or happens: nothing else draws from it. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
  /** What all faults know. */
  readonly state: StormState;

  /** Begins one; those of other classes share `state`. */
  constructor(parts: {
    readonly world: World;
    readonly random: Random;
    readonly marks: Marks;
    readonly state: StormState;
  }) {
    this.world = parts.world;
    this.random = parts.random;
    this.marks = parts.marks;
    this.state = parts.state;
  }

  /** A number between two, most often near the lower one: rates and times differ by orders. */
  between(least: number, most: number): number {
    return least * Math.pow(most / least, this.random());
  }

  /** One of them. */
  oneOf<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)] as T;
  }

  /** Any node that was ever started. */
  anyNode(): SimulatedNode<unknown> {
    return this.oneOf(this.world.nodes.filter(({ id }) => this.world.hasStarted(id)));
  }

  /** Any node that runs, or null. */
  anyUp(): SimulatedNode<unknown> | null {
    return this.oneOf<SimulatedNode<unknown> | undefined>(
      this.world.nodes.filter(({ isUp }) => isUp),
    ) ?? null;
  }

  /** Notes a fault in the trace. */
  note(what: string): void {
    this.world.trace.note(`* ${what}`);
  }

  /** Does something later, unless the storm is over by then. */
  after(delayMs: number, work: () => void): void {
    this.world.queue.after(delayMs, () => {
      if (!this.state.isOver) work();
    });
  }

  /** Lets something happen again and again, at moments drawn by chance, so often on average. */
  every(meanMs: number, happen: () => void): void {
    this.after(anyTimeMs(this.random, meanMs), () => {
      happen();
      this.every(meanMs, happen);
    });
  }
}
