/**
 * A client that follows the store: from node to node, slow or fast, through failures, snapshots and
 * compactions.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import {
  type CommandResult,
  WatchCursor,
  type WatchNotice,
  type WatchScope,
  type WatchSource,
} from "@raftkv/core/kv";
import type { StateMachine } from "@raftkv/core/replica";
import type { Cluster } from "../cluster.ts";
import type { Moment, WatchedMessage, WatchRecord } from "../history/mod.ts";
import type { SimulatedNode } from "../node.ts";
import type { Marks } from "../run/marks.ts";

/** What a watcher is made of. */
export interface WatcherParts {
  /** The cluster. */
  readonly world: Cluster<CommandResult>;
  /** Where nothing else draws from. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
  /** The next moment of the history. */
  readonly moment: () => Moment;
}

/** What to follow. */
export interface WatcherPlan extends WatchScope {
  /** Names it. */
  readonly name: string;
  /** The first revision asked for. */
  readonly revision: number;
  /** The mean time between two looks, in milliseconds. */
  readonly pauseMs: number;
}

/** One watch, as its client sees it. */
export class Watcher {
  readonly #parts: WatcherParts;
  readonly #plan: WatcherPlan;
  readonly #messages: WatchedMessage[] = [];
  #cursor: WatchCursor;
  /** The first revision of which the client has not been told: where it asks to go on. */
  #untold: number;
  #node: SimulatedNode<CommandResult> | null = null;
  #life = 0;
  #isOver = false;

  /** Begins to follow. */
  constructor(plan: WatcherPlan, parts: WatcherParts) {
    this.#parts = parts;
    this.#plan = plan;
    this.#cursor = new WatchCursor(plan, plan.revision);
    this.#untold = plan.revision;
    this.#lookLater();
  }

  /** Takes all that is left from a machine that has everything, and ends. */
  finish(machine: StateMachine<unknown>): WatchRecord {
    this.#isOver = true;
    const source = machine as unknown as WatchSource;
    for (let notice = this.#take(source); notice !== null; notice = this.#take(source)) {
      this.#note(notice, "the end");
    }
    const { name, revision, kinds, start, end } = this.#plan;
    const endRevision = source.revision;
    return { name, revision, kinds, start, end, messages: this.#messages, endRevision };
  }

  #lookLater(): void {
    const { world, random } = this.#parts;
    world.queue.after(this.#plan.pauseMs * 2 * random(), () => {
      if (this.#isOver) return;
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const { random } = this.#parts;
    const node = this.#node;
    const isGone = node === null || !node.isUp || node.life !== this.#life;
    if (isGone || random() < 0.02) return this.#connect();
    if (node.isPaused) return;
    const source = node.machine as unknown as WatchSource;
    for (let taken = 0; taken < NOTICES_MAX; taken++) {
      const notice = this.#take(source);
      if (notice === null) break;
      this.#note(notice, node.id);
    }
    const bookmark = random() < 0.2 ? this.#cursor.bookmark(source) : null;
    if (bookmark !== null) this.#note(bookmark, node.id);
  }

  /** Goes to some node, perhaps one that has not come as far as this watch. */
  #connect(): void {
    const { world, random, marks } = this.#parts;
    const up = world.nodes.filter(({ isUp }) => isUp);
    const node = up[Math.floor(random() * up.length)];
    if (node === undefined) return;
    const isElsewhere = this.#node !== null && this.#node !== node && this.#messages.length > 0;
    if (isElsewhere) marks.hit("a watch went on at another node");
    this.#node = node;
    this.#life = node.life;
    this.#cursor = new WatchCursor(this.#plan, this.#untold);
    if ((node.machine?.revision ?? 0) + 1 < this.#untold) {
      marks.hit("a watch came to a node that was behind it");
    }
  }

  #take(source: WatchSource): WatchNotice | null {
    return this.#cursor.take(source, LOOK_STEPS) ??
      (this.#cursor.next <= source.revision ? this.#cursor.bookmark(source) : null);
  }

  #note(notice: WatchNotice, node: string): void {
    const { moment, marks } = this.#parts;
    this.#messages.push({ ...notice, at: moment(), node });
    this.#untold = notice.revision + 1;
    if (notice.kind !== "compacted") return;
    marks.hit("a watch was told that the past is compacted");
    this.#cursor = new WatchCursor(this.#plan, this.#untold);
  }
}

const NOTICES_MAX = 16;
/** Few, so that a revision is often read in several looks, with a crash or a compaction between. */
const LOOK_STEPS = 16;
