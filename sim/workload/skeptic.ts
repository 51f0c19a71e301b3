/**
 * A client that trusts no leader. An ordinary one seldom comes to a deposed leader in the moment in
 * which it does not know of its successor yet; this one knows who believes that it leads, and goes
 * there then: it writes through the latest leader, and as soon as that is acknowledged asks all others
 * what they hold. Whoever answers without having asked a quorum, or by a lease that no longer keeps
 * another from leading, answers with the past (I24, I25).
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import { type CommandResult, keyToBytes } from "@raftkv/core/kv";
import type { ReadMode } from "@raftkv/core/replica";
import { anyTimeMs } from "../chance.ts";
import type { Cluster } from "../cluster.ts";
import type { KvAnswer, KvRequest } from "../history/mod.ts";
import type { SimulatedNode } from "../node.ts";
import type { Marks } from "../run/marks.ts";
import type { Errands } from "./errands.ts";
import { keyOf, only } from "./keyspace.ts";

/** What a skeptic is made of. */
export interface SkepticParts {
  /** The cluster that it distrusts. */
  readonly world: Cluster<CommandResult>;
  /** Where nothing else draws from. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
  /** Carries its requests. */
  readonly errands: Errands;
}

/** What a batch of runs must have seen of it. */
export const SKEPTIC_MARK = "a deposed leader was asked right after another's write";

/** A client that asks those who have been deposed. */
export class Skeptic {
  readonly #parts: SkepticParts;
  #values = 0;
  #openCount = 0;
  #isOver = false;

  /** Has not begun to look around. */
  constructor(parts: SkepticParts) {
    this.#parts = parts;
  }

  /** Looks around from now on. */
  begin(): void {
    this.#lookLater();
  }

  /** Asks for nothing more. */
  settle(): void {
    this.#isOver = true;
  }

  #lookLater(): void {
    const { world, random } = this.#parts;
    world.queue.after(anyTimeMs(random, LOOK_MS_MEAN), () => {
      if (this.#isOver) return;
      if (this.#openCount < OPEN_MAX) this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const { random, world } = this.#parts;
    const [latest, ...deposed] = world.leaders().map(({ id }) => world.node(id));
    if (latest === undefined) return;
    if (deposed.length > 0) {
      // Rounds under way when the write comes: what is asked after it must not be taken for them.
      for (const node of deposed) this.#read(node);
      this.#write(latest);
    } else if (random() < IDLE_RATE) this.#read(latest);
  }

  #write(node: Node): void {
    const value = keyToBytes(keyOf(`skeptic.${++this.#values}`));
    const put = { kind: "put", key: KEY, value, encoding: "text" } as const;
    this.#ask(node, { kind: "commit", operations: [put] }, {
      onEnd: (answer) => answer?.kind === "applied" && this.#doubtAllBut(node),
    });
  }

  #doubtAllBut(writer: Node): void {
    const { world, marks } = this.#parts;
    const term = writer.status()?.term ?? 0;
    for (const node of world.nodes) {
      if (node === writer || !node.isUp || this.#isOver) continue;
      this.#read(node);
      if (!node.isLeader) continue;
      if (node.status()!.term < term) marks.hit(SKEPTIC_MARK);
      this.#read(node, "lease");
    }
  }

  #read(node: Node, mode: ReadMode = "linearizable"): void {
    const read = { kind: "read", ...only(KEY), limit: 1, revision: null } as const;
    this.#ask(node, { ...read, isLinearizable: true }, { mode });
  }

  #ask(
    { id: node }: Node,
    request: KvRequest,
    { mode, onEnd }: {
      readonly mode?: ReadMode;
      readonly onEnd?: (answer: KvAnswer | null) => void;
    },
  ): void {
    this.#openCount++;
    this.#parts.errands.begin({
      client: "skeptic",
      node,
      request,
      ...(mode === undefined ? {} : { mode }),
      onEnd: (answer) => {
        this.#openCount--;
        onEnd?.(answer);
      },
    });
  }
}

type Node = SimulatedNode<CommandResult>;

/** One that ordinary clients use as well. */
const KEY = keyOf("hot/0");
/** Often enough to come between an election and the news of it. */
const LOOK_MS_MEAN = 20;
/** In how many looks it reads at the only leader. */
const IDLE_RATE = 1 / 50;
/** Those that wait for one that is cut off must not keep it from asking others. */
const OPEN_MAX = 24;
