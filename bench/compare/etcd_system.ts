/**
 * etcd from Debian's packages, with its defaults, over its JSON gateway.
 *
 * @module
 */

import { encodeBase64 } from "./base64.ts";
import { Ports } from "../../tests/process/ports.ts";
import { Program } from "../../tests/process/program.ts";
import { until } from "../../tests/process/until.ts";
import type { HttpCall, System, SystemNode } from "./system.ts";

/** What etcd says of its version, or null if it is not installed. */
export async function etcdVersion(): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command("etcd", { args: ["--version"] }).output();
    const [, version] = /etcd Version: (\S+)/.exec(new TextDecoder().decode(stdout)) ?? [];
    return version ?? null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Starts three nodes of the installed version. */
export async function startEtcd(version: string): Promise<System> {
  const system = new EtcdSystem(version);
  try {
    for (const node of system.nodes) node.start();
    await system.leader();
    return system;
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw error;
  }
}

class EtcdSystem implements System {
  readonly name = "etcd";
  readonly version: string;
  readonly nodes: readonly EtcdNode[];
  readonly #ports = new Ports();
  readonly #directory = Deno.makeTempDirSync({ prefix: "etcd_" });

  constructor(version: string) {
    this.version = version;
    const ports = this.#ports.numbers;
    const places = [0, 1, 2].map((at) => ({
      name: `e${at + 1}`,
      url: `http://127.0.0.1:${ports[2 * at]}`,
      peerUrl: `http://127.0.0.1:${ports[2 * at + 1]}`,
    }));
    const cluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
    this.nodes = places.map((place) =>
      new EtcdNode({ ...place, cluster, dataDir: `${this.#directory}/${place.name}` })
    );
  }

  leader(): Promise<SystemNode> {
    return until("etcd to have a leader", async () => {
      for (const node of this.nodes) if (node.pid !== null && await node.leads()) return node;
      return null;
    });
  }

  putCall(key: string, value: string): HttpCall {
    return call("put", { key: encodeBase64(key), value: encodeBase64(value) });
  }

  getCall(key: string): HttpCall {
    return call("range", { key: encodeBase64(key) });
  }

  putAllCall(pairs: readonly (readonly [string, string])[]): HttpCall {
    const success = pairs.map(([key, value]) => ({
      requestPut: { key: encodeBase64(key), value: encodeBase64(value) },
    }));
    return call("txn", { success });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.#ports[Symbol.dispose]();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

function call(method: string, body: unknown): HttpCall {
  return { method: "POST", path: `/v3/kv/${method}`, body: JSON.stringify(body) };
}

interface EtcdPlace {
  readonly name: string;
  readonly url: string;
  readonly peerUrl: string;
  readonly cluster: string;
  readonly dataDir: string;
}

class EtcdNode implements SystemNode {
  readonly name: string;
  readonly url: string;
  readonly #args: readonly string[];
  #program: Program | null = null;

  constructor({ name, url, peerUrl, cluster, dataDir }: EtcdPlace) {
    this.name = name;
    this.url = url;
    this.#args = [
      ...["--name", name, "--data-dir", dataDir, "--log-level", "error"],
      ...["--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
      ...["--initial-cluster", cluster],
    ];
  }

  get pid(): number | null {
    return this.#program?.pid ?? null;
  }

  start(): void {
    this.#program = new Program("etcd", this.#args);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async isHealthy(): Promise<boolean> {
    const response = await fetch(`${this.url}/health`);
    return response.ok && (await response.json()).health === "true";
  }

  /** Whether it takes itself for the leader. */
  async leads(): Promise<boolean> {
    const response = await fetch(`${this.url}/v3/maintenance/status`, {
      method: "POST",
      body: "{}",
      signal: AbortSignal.timeout(1_000),
    });
    const { leader, header } = await response.json();
    return leader !== undefined && leader === header?.member_id;
  }

  async #end(signal: Deno.Signal): Promise<void> {
    this.#program?.signal(signal);
    await this.#program?.ended;
    this.#program = null;
  }
}
