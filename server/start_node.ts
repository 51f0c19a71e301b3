/**
 * The composition root: the one place that knows which storage, transport, clock and chance a node
 * runs on.
 *
 * @module
 */

import { LIMITS, type Store } from "@raftkv/core";
import { type Configuration, configurationOf, type Member, type NodeId } from "@raftkv/core/raft";
import {
  DirectoryUnusableError,
  type NodeIdentity,
  openIncarnation,
  openStore,
  readIdentity,
  readJoining,
  type ReadProgress,
  writeJoining,
} from "@raftkv/storage";
import { MemoryStore } from "@raftkv/storage/memory";
import { clusterIdOf } from "./cluster_id.ts";
import { NODE_ID_DEFAULT, type NodeConfig } from "./config.ts";
import { Door } from "./door.ts";
import type { Application } from "./application.ts";
import { kvApplication } from "./kv_application.ts";
import { findMembers, joinCluster } from "./join.ts";
import { urlOfAddress } from "./listen_address.ts";
import { listen } from "./listener.ts";
import type { Listener } from "./listener_options.ts";
import type { NodeEvent } from "./node_events.ts";
import { Origins } from "./origins.ts";
import { checkRepairable } from "./repairable.ts";
import { snapshotSlices } from "./pump.ts";
import { recoveredMembers } from "./recovered_members.ts";
import { Node, type NodeParts, type RunningNode } from "./running_node.ts";

/** How to run a node, beside its configuration. */
export interface StartOptions {
  /** Hears of everything that matters to the operator. */
  readonly onEvent?: (event: NodeEvent) => void;
  /**
   * Whether to open a port; true if not given. Without one, a node alone is reached by its own
   * program, through `fetch`, and by nobody else.
   */
  readonly opensPort?: boolean;
  /** Ends a start that waits for a cluster to join; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a node and resolves once it serves; an election may still be under way. One that joins a
 * cluster waits until it is taken in.
 *
 * @throws {PortTakenError} if another program has the port
 * @throws {DirectoryInUseError} if another process has the data directory open
 * @throws {DirectoryUnusableError} if it cannot be made, read or written
 * @throws {IdentityMismatchError} if it belongs to another node
 * @throws {CorruptLogError} if it is damaged and no other member can make up for it
 * @throws {LostLogError} if it may have lost the end of its log, or its vote
 * @throws {JoinRefusedError} if the cluster does not take the node in
 * @throws {NotAMemberError} if the cluster has removed it before it got to know the cluster
 */
export async function startNode(
  config: NodeConfig,
  options: StartOptions = {},
): Promise<RunningNode> {
  return await startApplication(kvApplication(), config, options);
}

/**
 * The same for anything that can be replicated.
 *
 * @throws as {@linkcode startNode}
 */
export async function startApplication<Result>(
  application: Application<Result>,
  config: NodeConfig,
  options: StartOptions,
): Promise<RunningNode> {
  const { onEvent = () => {}, opensPort = true, signal = new AbortController().signal } = options;
  const start: Start<Result> = { application, config, opensPort, onEvent, signal };
  const { dataDirectory } = config;
  const found = dataDirectory === null ? null : await readIdentity(dataDirectory);
  const told = dataDirectory === null ? null : await readJoining(dataDirectory);
  if (found === null && dataDirectory !== null && (told !== null || config.join.length > 0)) {
    return await startNewcomer(start, { dataDirectory, told: told ?? [] });
  }
  return await startMember(start, { found, told });
}

/** A start under way. */
interface Start<Result> {
  readonly application: Application<Result>;
  readonly config: NodeConfig;
  readonly opensPort: boolean;
  readonly onEvent: (event: NodeEvent) => void;
  readonly signal: AbortSignal;
}

/** A node that has a directory of its own, or begins a cluster. */
async function startMember<Result>(
  start: Start<Result>,
  { found, told }: {
    readonly found: NodeIdentity | null;
    readonly told: readonly string[] | null;
  },
): Promise<RunningNode> {
  const { config } = start;
  const nodeId = config.id ?? found?.nodeId ?? NODE_ID_DEFAULT;
  const founders = config.members.length > 0
    ? config.members
    : [{ id: nodeId, url: config.url ?? urlOfAddress(config) }];
  const newClusterId = await clusterIdOf(founders);
  const clusterId = found?.clusterId ?? newClusterId;
  const store = await openData(start, { clusterId, nodeId });
  try {
    const known = recoveredMembers(store.recovered);
    if (config.dataDirectory !== null) {
      const { dataDirectory: directory, members } = config;
      checkRepairable(store.recovered, { directory, members });
    }
    const urls = [...config.join, ...told ?? []];
    const guides = known === null && told !== null
      ? await findMembers({ clusterId, nodeId }, { ...start, urls })
      : [];
    await restore(start.application, store);
    const incarnation = await incarnationIn(config);
    // From here on nothing is waited for: peers dial as soon as the port is open, and the node answers.
    const door = new Door();
    const listener = start.opensPort ? await listenAt(door, config) : null;
    const ownUrl = ownUrlOf(config, {
      known: known?.find(({ id }) => id === nodeId)?.url,
      isAlone: known === null || known.length === 1,
      here: listener === null ? NOWHERE : urlOfAddress(listener),
    });
    const initial = known !== null || told !== null
      ? initialOf(config.members, told)
      : founding(config, { nodeId, ownUrl, isOwn: clusterId === newClusterId });
    return run(start, {
      ...{ clusterId, nodeId, incarnation, store, listener, door, initial, guides, urls },
      url: ownUrl,
    });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A node alone on a port of the system's choice learns its address only now. */
function ownUrlOf(
  { url }: NodeConfig,
  { known, isAlone, here }: {
    readonly known: string | undefined;
    readonly isAlone: boolean;
    readonly here: string;
  },
): string {
  return url ?? (isAlone ? here : known ?? here);
}

/** The URL of a node without a port: a name that is reserved for leading nowhere (RFC 2606). */
const NOWHERE = "http://embedded.invalid";

/** A node that the cluster does not know yet. */
async function startNewcomer<Result>(
  start: Start<Result>,
  { dataDirectory, told }: { readonly dataDirectory: string; readonly told: readonly string[] },
): Promise<RunningNode> {
  const { config, onEvent, signal } = start;
  if (!start.opensPort) throw new TypeError("Cannot join a cluster without a port");
  if (config.members.length > 0) {
    const reason = "Its node was to join a cluster, and --cluster begins another";
    throw new DirectoryUnusableError(dataDirectory, reason);
  }
  const urls = [...new Set([...config.join, ...told])];
  const door = new Door();
  // Before anybody counts on it: a port that is taken, or a directory that cannot be written.
  const listener = await listenAt(door, config);
  try {
    await writeJoining(dataDirectory, urls);
    const url = config.url ?? urlOfAddress(listener);
    const { replaces } = config;
    const joined = await joinCluster({ urls, url, replaces, signal, onEvent });
    const { clusterId, nodeId, members: guides } = joined;
    const store = await openStore(dataDirectory, { clusterId, nodeId });
    const incarnation = await incarnationIn(config);
    onEvent({ kind: "joined", nodeId, clusterId });
    const initial = initialOf([], urls);
    return run(start, {
      ...{ clusterId, nodeId, incarnation, store, listener, door, initial, guides, urls, url },
    });
  } catch (error) {
    await listener.close();
    throw error;
  }
}

/**
 * The members before the first entry of the log. Of a node that joined, nobody: all it ever knows
 * comes with the log, and until then it must not take itself for a voter.
 */
function initialOf(founders: readonly Member[], told: readonly string[] | null): Configuration {
  return configurationOf(told === null ? founders : []);
}

/** The members of a cluster that begins; or begins again, if it was stopped in its first moment. */
function founding(
  { members, dataDirectory }: NodeConfig,
  { nodeId, ownUrl, isOwn }: {
    readonly nodeId: NodeId;
    readonly ownUrl: string;
    readonly isOwn: boolean;
  },
): Configuration {
  if (members.length > 1) return configurationOf(members);
  // Else one of several members that lost its list would go on as the whole cluster.
  if (isOwn) return configurationOf([{ id: nodeId, url: ownUrl }]);
  throw new DirectoryUnusableError(
    dataDirectory ?? "",
    "Its log does not hold the members yet: Give the --cluster that it was begun with",
  );
}

type Assembly = Omit<NodeParts<never>, "application" | "config" | "onEvent">;

function run<Result>(
  { application, config, onEvent }: Start<Result>,
  { door, ...parts }: Assembly & { readonly door: Door },
): RunningNode {
  const node = new Node<Result>({ ...parts, application, config, onEvent });
  node.run(door);
  return node;
}

/** Which life its directory is in; undefined without one. */
async function incarnationIn({ dataDirectory }: NodeConfig): Promise<string | undefined> {
  return dataDirectory === null ? undefined : await openIncarnation(dataDirectory);
}

function listenAt(door: Door, config: NodeConfig): Promise<Listener> {
  const { host, port, limits, corsOrigins } = config;
  return listen({
    host,
    port,
    limits,
    origins: new Origins(corsOrigins),
    fetch: (request) => door.fetch(request),
    onPeerSocket: (socket) => door.onPeerSocket(socket),
    onClientSocket: (socket) => door.onClientSocket(socket),
  });
}

async function openData(
  { config: { dataDirectory }, onEvent }: Start<unknown>,
  identity: NodeIdentity,
): Promise<Store> {
  if (dataDirectory === null) return new MemoryStore();
  const onProgress = nowAndThen((progress: ReadProgress) =>
    onEvent({ kind: "reading", ...progress })
  );
  const { reserveBytes } = LIMITS;
  return await openStore(dataDirectory, { ...identity, onProgress, reserveBytes });
}

/** Lets through one call a second, the first after a second: a quick start says nothing. */
function nowAndThen<T>(call: (argument: T) => void): (argument: T) => void {
  let lastMs = performance.now();
  return (argument) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < PROGRESS_PAUSE_MS) return;
    lastMs = nowMs;
    call(argument);
  };
}

const PROGRESS_PAUSE_MS = 1_000;

async function restore({ machine }: Application<unknown>, store: Store): Promise<void> {
  const { snapshot } = store.recovered;
  if (snapshot === null) return;
  const restorer = machine.restorer();
  for await (const slice of snapshotSlices(store, snapshot)) restorer.push(slice);
  restorer.finish();
}
