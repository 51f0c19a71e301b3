/**
 * The composition root: the one place that knows which storage, transport, clock and chance a node
 * runs on.
 *
 * @module
 */

import type { Store } from "@raftkv/core";
import { KvStateMachine } from "@raftkv/core/kv";
import { openStore, readIdentity, type ReadProgress } from "@raftkv/storage";
import { MemoryStore } from "@raftkv/storage/memory";
import { clusterIdOf } from "./cluster_id.ts";
import type { NodeConfig } from "./config.ts";
import { Door } from "./door.ts";
import { urlOfAddress } from "./listen_address.ts";
import { listen } from "./listener.ts";
import type { Listener } from "./listener_options.ts";
import type { NodeEvent } from "./node_events.ts";
import { Origins } from "./origins.ts";
import { checkRepairable } from "./repairable.ts";
import { snapshotSlices } from "./pump.ts";
import { Node, type RunningNode } from "./running_node.ts";

/** How to run a node, beside its configuration. */
export interface StartOptions {
  /** Hears of everything that matters to the operator. */
  readonly onEvent?: (event: NodeEvent) => void;
  /**
   * Whether to open a port; true if not given. Without one, a node alone is reached by its own
   * program, through `fetch`, and by nobody else.
   */
  readonly opensPort?: boolean;
}

/**
 * Starts a node and resolves once it serves; an election may still be under way.
 *
 * @throws {PortTakenError} if another program has the port
 * @throws {DirectoryInUseError} if another process has the data directory open
 * @throws {DirectoryUnusableError} if it cannot be made, read or written
 * @throws {IdentityMismatchError} if it belongs to another node
 * @throws {CorruptLogError} if it is damaged and no other member can make up for it
 * @throws {LostLogError} if it may have lost the end of its log, or its vote
 */
export async function startNode(
  config: NodeConfig,
  options: StartOptions = {},
): Promise<RunningNode> {
  const { onEvent = () => {}, opensPort = true } = options;
  const { clusterId, store } = await openData(config, onEvent);
  try {
    const { dataDirectory } = config;
    if (dataDirectory !== null) {
      checkRepairable(store.recovered, { directory: dataDirectory, members: config.members });
    }
    const machine = new KvStateMachine();
    await restore(machine, store);
    const door = new Door();
    const listener = opensPort ? await listenAt(door, config) : null;
    // A node alone on a port of the system's choice learns its address only now.
    const url = config.url ?? (listener === null ? NOWHERE : urlOfAddress(listener));
    const members = config.members.length > 1 ? config.members : [{ id: config.id, url }];
    const node = new Node({ config, members, clusterId, store, machine, listener, onEvent });
    node.run(door);
    return node;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The URL of a node without a port: a name that is reserved for leading nowhere (RFC 2606). */
const NOWHERE = "http://embedded.invalid";

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

/** Opens the node's storage; a directory that has been used knows its cluster, a new one learns it. */
async function openData(
  config: NodeConfig,
  onEvent: (event: NodeEvent) => void,
): Promise<{ clusterId: string; store: Store }> {
  const nodeId = config.id;
  const fresh = await clusterIdOf(config.members);
  if (config.dataDirectory === null) return { clusterId: fresh, store: new MemoryStore() };
  const known = await readIdentity(config.dataDirectory);
  const clusterId = known?.clusterId ?? fresh;
  const onProgress = nowAndThen((progress: ReadProgress) =>
    onEvent({ kind: "reading", ...progress })
  );
  const store = await openStore(config.dataDirectory, { clusterId, nodeId, onProgress });
  return { clusterId, store };
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

async function restore(machine: KvStateMachine, store: Store): Promise<void> {
  const { snapshot } = store.recovered;
  if (snapshot === null) return;
  const restorer = machine.restorer();
  for await (const slice of snapshotSlices(store, snapshot)) restorer.push(slice);
  restorer.finish();
}
