/**
 * Rounds in which programs take turns with a lock, and the leader, the holder or the whole cluster is
 * killed.
 *
 * @module
 */

import { assert } from "@std/assert";
import { connect } from "@raftkv/client";
import { Cluster } from "./cluster.ts";
import { Program } from "./program.ts";
import { until } from "./until.ts";

/** What is to be done. */
export interface LockRoundsOptions {
  readonly rounds: number;
  readonly onRound?: (round: LockRound) => void;
}

/** Who is killed in a round: the cluster as a whole, too, for longer than the lock's lease lives. */
export type Victim = "leader" | "holder" | "cluster";

/** What became of one round. */
export interface LockRound {
  readonly round: number;
  readonly killed: Victim;
  /** From the kill to the next holder, in milliseconds. */
  readonly gapMs: number;
}

/** What became of all. */
export interface LockRounds {
  /** Writes that were made under the lock. */
  readonly writes: number;
  /** How many times it was held by someone. */
  readonly holders: number;
}

const NAME = "rounds";
const WORKERS = 3;
const WRITES_PER_ROUND = 5;
/** One round of so many takes all nodes. */
const ROUNDS_PER_OUTAGE = 5;

/**
 * Kills in every round, and checks that no write under a smaller token comes after one under a
 * greater: the lock was never held twice.
 */
export async function lockRounds(
  { rounds, onRound = () => {} }: LockRoundsOptions,
): Promise<LockRounds> {
  await using cluster = await Cluster.start();
  await using kv = connect({ endpoints: cluster.urls, timeoutMs: 60_000 });
  await using judge = new Judge(cluster.urls);
  await using workers = new Workers(cluster.urls);
  for (let round = 1; round <= rounds; round++) {
    const seen = judge.writes;
    await until("somebody to write under the lock", () => judge.writes >= seen + WRITES_PER_ROUND);
    const killed = victimOf(round);
    const before = workers.tokenLast;
    const startMs = performance.now();
    if (killed === "holder") await workers.killHolder();
    else {
      const nodes = killed === "cluster" ? cluster.nodes : [await cluster.leader()];
      await Promise.all(nodes.map((node) => node.kill()));
      for (const node of nodes) node.start();
    }
    await until("another to hold the lock", () => workers.tokenLast > before);
    onRound({ round, killed, gapMs: performance.now() - startMs });
  }
  workers.allLive();
  const { revision } = await kv.put(`${NAME}/end`, true);
  await judge.hasSeen(revision);
  assert(judge.writes > rounds, `only ${judge.writes} writes under the lock`);
  return { writes: judge.writes, holders: workers.held };
}

function victimOf(round: number): Victim {
  if (round % ROUNDS_PER_OUTAGE === 0) return "cluster";
  return round % 2 === 0 ? "leader" : "holder";
}

/** Follows what is written under the lock. */
class Judge implements AsyncDisposable {
  writes = 0;
  #tokenMax = 0;
  #revision = 0;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(endpoints: readonly string[]) {
    this.#following = this.#follow(endpoints);
    this.#following.catch(() => {});
  }

  async hasSeen(revision: number): Promise<void> {
    await Promise.race([
      until(`the watch to come to revision ${revision}`, () => this.#revision >= revision),
      this.#following,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following.catch(() => {});
  }

  async #follow(endpoints: readonly string[]): Promise<void> {
    await using kv = connect({ endpoints });
    const { signal } = this.#stop;
    for await (const event of kv.watch<number>({ prefix: `${NAME}/`, initial: true, signal })) {
      this.#revision = event.revision;
      if (event.type !== "put" || event.entry.key !== `${NAME}/guarded`) continue;
      const token = event.entry.value;
      assert(token >= this.#tokenMax, `token ${token} wrote after ${this.#tokenMax}`);
      this.#tokenMax = token;
      this.writes += 1;
    }
  }
}

/** The programs that want the lock. */
class Workers implements AsyncDisposable {
  held = 0;
  tokenLast = 0;
  readonly #endpoints: readonly string[];
  readonly #programs: Program[] = [];
  #holder: Program | null = null;

  constructor(endpoints: readonly string[]) {
    this.#endpoints = endpoints;
    for (let worker = 0; worker < WORKERS; worker++) this.#start();
  }

  async killHolder(): Promise<void> {
    const holder = this.#holder;
    if (holder === null) return;
    this.#holder = null;
    this.#programs.splice(this.#programs.indexOf(holder), 1);
    await holder.kill();
    this.#start();
  }

  /** None has ended but those that were killed, whatever befell the cluster. */
  allLive(): void {
    for (const { hasEnded, stderr } of this.#programs) assert(!hasEnded, stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
  }

  #start(): void {
    const script = new URL("./lock_worker.ts", import.meta.url).pathname;
    const args = ["run", "--no-prompt", "--quiet", "--allow-net", script, NAME];
    const program: Program = new Program(Deno.execPath(), [...args, this.#endpoints.join(",")], {
      onLine: (line) => {
        const [, token] = /^held (\d+)$/.exec(line) ?? [];
        if (token === undefined) return;
        this.held += 1;
        this.#holder = program;
        this.tokenLast = Math.max(this.tokenLast, Number(token));
      },
    });
    this.#programs.push(program);
  }
}
