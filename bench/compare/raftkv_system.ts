/**
 * RaftKV as it is run from a checkout, with its defaults.
 *
 * @module
 */

import { Cluster } from "../../tests/process/cluster.ts";
import type { ServedNode } from "../../tests/process/served_node.ts";
import type { HttpCall, System, SystemNode } from "./system.ts";

/** Starts three nodes, with `flags` of `raftkv serve` besides the defaults. */
export async function startRaftKv(flags: readonly string[] = []): Promise<System> {
  return new RaftKvSystem(await Cluster.start(flags));
}

class RaftKvSystem implements System {
  readonly name = "RaftKV";
  readonly version = `on Deno ${Deno.version.deno}`;
  readonly nodes: readonly RaftKvNode[];
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.nodes = cluster.nodes.map((node) => new RaftKvNode(node));
  }

  async leader(): Promise<SystemNode> {
    const { id } = await this.#cluster.leader();
    const node = this.nodes.find(({ name }) => name === id);
    if (node === undefined) throw new Error(`Cannot find the leader ${id} among the nodes`);
    return node;
  }

  putCall(key: string, value: string): HttpCall {
    return { method: "PUT", path: `/v1/kv/${key}`, body: JSON.stringify({ value }) };
  }

  getCall(key: string): HttpCall {
    return { method: "GET", path: `/v1/kv/${key}`, body: "" };
  }

  putAllCall(pairs: readonly (readonly [string, string])[]): HttpCall {
    const success = pairs.map(([key, value]) => ({ put: { key, value } }));
    return { method: "POST", path: "/v1/txn", body: JSON.stringify({ success }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}

class RaftKvNode implements SystemNode {
  readonly #node: ServedNode;

  constructor(node: ServedNode) {
    this.#node = node;
  }

  get name(): string {
    return this.#node.id;
  }

  get url(): string {
    return this.#node.url;
  }

  get pid(): number | null {
    return this.#node.pid;
  }

  kill(): Promise<void> {
    return this.#node.kill();
  }

  async terminate(): Promise<void> {
    await this.#node.stop();
  }

  start(): void {
    this.#node.start();
  }

  async isHealthy(): Promise<boolean> {
    const response = await fetch(`${this.url}/health`);
    await response.body?.cancel();
    return response.ok;
  }
}
