/**
 * Which nodes a local cluster has: their ids, ports and directories.
 *
 * @module
 */

import { UsageError } from "../failures.ts";

/** One node of the cluster. */
export interface PlannedNode {
  readonly id: string;
  readonly url: string;
  readonly dataDir: string;
  /** The arguments of its process. */
  readonly args: readonly string[];
}

/** The cluster as a whole. */
export interface ClusterPlan {
  readonly nodes: readonly PlannedNode[];
  /** Where the nodes' directories are. */
  readonly dataDir: string;
}

/** What `raftkv cluster` was told. */
export interface ClusterFlags {
  readonly nodes?: string | undefined;
  readonly ports?: string | undefined;
  readonly data?: string | undefined;
}

const NODES_DEFAULT = 3;
const NODES_MAX = 9;
const PORT_FIRST = 8001;
const DATA_DEFAULT = "./data";
/** An address, not a name: `localhost` may mean two, and a node listens on one. */
const HOST = "127.0.0.1";

/**
 * Plans the nodes `n1`, `n2`, … on this machine.
 *
 * @throws {UsageError} if a flag makes no sense, or two contradict each other
 */
export function planCluster(flags: ClusterFlags): ClusterPlan {
  const ports = portsOf(flags);
  const dataDir = (flags.data ?? DATA_DEFAULT).replace(/(.)\/+$/, "$1");
  const members = ports.map((port, index) => ({
    id: `n${index + 1}`,
    listen: `${HOST}:${port}`,
    url: `http://${HOST}:${port}`,
  }));
  const cluster = members.map(({ id, url }) => `${id}=${url}`).join(",");
  const nodes = members.map(({ id, listen, url }) => {
    const data = `${dataDir}/${id}`;
    const own = ["--id", id, "--listen", listen, "--data", data, "--cluster", cluster];
    return { id, url, dataDir: data, args: ["serve", "--supervised", "--json", ...own] };
  });
  return { nodes, dataDir };
}

function portsOf({ nodes, ports }: ClusterFlags): readonly number[] {
  const count = nodes === undefined ? undefined : parseCount(nodes);
  if (ports === undefined) {
    return Array.from({ length: count ?? NODES_DEFAULT }, (_, index) => PORT_FIRST + index);
  }
  const list = ports.split(",").map((text) => parsePort(text.trim()));
  if (new Set(list).size < list.length) throw wrong(`Cannot use --ports: One is there twice`);
  if (list.length > NODES_MAX) throw wrong(`Cannot use --ports: At most ${NODES_MAX} are possible`);
  if (count !== undefined && count !== list.length) {
    throw wrong(`Cannot use --nodes ${count}: --ports names ${list.length}`);
  }
  return list;
}

function parseCount(text: string): number {
  const count = /^\d$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= NODES_MAX) return count;
  throw wrong(`Cannot read --nodes: Expected a number from 1 to ${NODES_MAX}: "${text}"`);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw wrong(`Cannot read --ports: Expected numbers from 1 to 65535: "${text}"`);
}

function wrong(message: string): UsageError {
  return new UsageError(message, "cluster");
}
