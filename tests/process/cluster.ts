/**
 * Real nodes over real files: a cluster of processes, gone without a trace when the test is over.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Ports } from "./ports.ts";
import { ServedNode } from "./served_node.ts";
import { until } from "./until.ts";

type RuntimeFlagsOf = (port: number) => readonly string[];

/** Three nodes at first, and where they live. */
export class Cluster implements AsyncDisposable {
  #nodes: readonly ServedNode[];
  readonly #ports: Ports;
  readonly #flags: readonly string[];
  readonly #directory: string;

  private constructor(flags: readonly string[], runtimeFlagsOf: RuntimeFlagsOf) {
    this.#ports = new Ports();
    this.#flags = flags;
    this.#directory = Deno.makeTempDirSync({ prefix: "raftkv_" });
    const members = this.#ports.numbers.slice(0, 3).map((port, index) => ({
      id: `n${index + 1}`,
      url: `http://127.0.0.1:${port}`,
    }));
    const cluster = members.map(({ id, url }) => `${id}=${url}`).join(",");
    this.#nodes = members.map(({ id, url }, index) => {
      const dataDir = `${this.#directory}/${id}`;
      return new ServedNode({
        id,
        url,
        dataDir,
        origin: ["--id", id, "--cluster", cluster],
        flags,
        runtimeFlags: runtimeFlagsOf(this.#ports.numbers[index + 3] ?? 0),
      });
    });
  }

  get nodes(): readonly ServedNode[] {
    return this.#nodes;
  }

  /** Starts a node that joins the others, in the place of one of them if `replaces` is given. */
  join(replaces?: ServedNode): ServedNode {
    const taken = new Set(this.urls);
    const url = this.#ports.numbers.map((port) => `http://127.0.0.1:${port}`)
      .find((each) => !taken.has(each)) ?? "";
    const place = replaces === undefined ? [] : ["--replaces", replaces.id];
    const origin = ["--join", this.urls.join(","), ...place];
    const dataDir = Deno.makeTempDirSync({ dir: this.#directory });
    const node = new ServedNode({ id: `at ${url}`, url, dataDir, origin, flags: this.#flags });
    this.#nodes = [...this.#nodes, node];
    node.start();
    return node;
  }

  /** Takes out a node that has left for good. */
  async forget(node: ServedNode): Promise<void> {
    this.#nodes = this.#nodes.filter((each) => each !== node);
    await node[Symbol.asyncDispose]();
  }

  /**
   * Starts three nodes, each with `flags` besides its own, and waits for a leader.
   *
   * @param runtimeFlagsOf What the runtime of a node gets besides, for which a port is free.
   */
  static async start(
    flags: readonly string[] = [],
    runtimeFlagsOf: RuntimeFlagsOf = () => [],
  ): Promise<Cluster> {
    const cluster = new Cluster(flags, runtimeFlagsOf);
    try {
      for (const node of cluster.nodes) node.start();
      await cluster.leader();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where the nodes serve. */
  get urls(): readonly string[] {
    return this.nodes.map((node) => node.url);
  }

  /** Those that can be expected to answer. */
  get running(): readonly ServedNode[] {
    return this.nodes.filter((node) => node.isRunning);
  }

  /** Waits until all that run agree on a leader among them. */
  leader(): Promise<ServedNode> {
    return until("all running nodes to agree on a leader", async () => {
      const answers = await Promise.all(
        this.running.map((node) => node.client.leader({ timeoutMs: 1_000 })),
      );
      const [first] = answers;
      if (answers.some(({ id, term }) => id !== first?.id || term !== first.term)) return null;
      return this.running.find((node) => node.url === first?.url);
    });
  }

  /** The leader that some node knows of in the highest term, while others may not have heard. */
  newestLeader(): Promise<ServedNode> {
    return until("some node to know of a leader", async () => {
      const answers = await Promise.allSettled(
        this.running.map((node) => node.client.leader({ timeoutMs: 500 })),
      );
      const [newest] = answers.flatMap((each) => each.status === "fulfilled" ? each.value : [])
        .toSorted((a, b) => b.term - a.term);
      return this.running.find((node) => node.url === newest?.url);
    });
  }

  /** Waits until the nodes that run have applied all that is committed now. */
  async settled(): Promise<void> {
    const leader = await this.leader();
    const { commitIndex = 0 } = await leader.status();
    await until(
      `all running nodes to apply entry ${commitIndex}`,
      async () => {
        const all = await Promise.all(this.running.map((node) => node.status()));
        return all.every(({ appliedIndex = 0 }) => appliedIndex >= commitIndex);
      },
    );
  }

  /** Ends all processes, and holds against them whatever they said that was no report. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    this.#ports[Symbol.dispose]();
    await Deno.remove(this.#directory, { recursive: true });
    assertEquals(this.nodes.flatMap(({ stray }) => stray), []);
  }
}
