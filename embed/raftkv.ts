/**
 * Opens a node in this process and the store behind it.
 *
 * @module
 */

import { connect, type Kv } from "@raftkv/client";
import {
  loadNodeConfig,
  MEMORY,
  type NodeEvent,
  type RunningNode,
  startMachine,
  startNode,
  type StartOptions,
} from "@raftkv/server";
import type { DefinedStateMachine } from "./define_state_machine.ts";
import { CommandRefused, type MachineGroup } from "./machine_group.ts";

/** What kind of node to open. */
export interface OpenOptions {
  /** The directory of its data. If not given, they are kept in memory and gone when it is closed. */
  readonly directory?: string;
  /**
   * Where other programs reach it, as in `127.0.0.1:8001`. If not given, and the node is alone, no
   * port is opened.
   */
  readonly listen?: string;
  /** The URL under which others reach it, if it is not that of `listen`. */
  readonly advertise?: string;
  /** Its id; `n1` if not given. */
  readonly id?: string;
  /** The members of a new cluster, by their ids, this node among them. */
  readonly members?: Readonly<Record<string, string>>;
  /** What the members prove to each other that they know: at least 16 characters. */
  readonly secret?: string;
  /** Further settings by the names of `raftkv serve`: `{ "heartbeat-ms": 50 }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Milliseconds for a request with all its retries; 10,000 if not given, 5,000 of a machine. */
  readonly timeoutMs?: number;
  /** Hears of everything that matters to the operator. */
  readonly onEvent?: (event: NodeEvent) => void;
}

/** The store of a node in this process. Closing it closes the node. */
export interface EmbeddedKv extends Kv {
  /** The node itself. */
  readonly node: RunningNode;
}

/** What opens nodes. */
export interface Opener {
  /**
   * Starts a node of the key-value store and resolves once it serves; an election may still be under
   * way, for which requests wait.
   *
   * @throws {ConfigError} if an option is malformed or two contradict each other
   * @throws {PortTakenError} if another program has the port
   * @throws {DirectoryInUseError} if another process has the directory open
   * @throws {IdentityMismatchError} if the directory belongs to another node
   * @throws {CorruptLogError} if it is damaged
   */
  open(options?: OpenOptions): Promise<EmbeddedKv>;

  /**
   * The same with a state machine of your own in place of the store. All members of a cluster must
   * run the same one.
   *
   * @throws as `open`
   */
  openMachine<State, Command, Result, Query, Answer>(
    defined: DefinedStateMachine<State, Command, Result, Query, Answer>,
    options?: OpenOptions,
  ): Promise<MachineGroup<Command, Result, Query, Answer>>;
}

/** Opens nodes. */
export const RaftKV: Opener = {
  async open(options: OpenOptions = {}): Promise<EmbeddedKv> {
    const { timeoutMs } = options;
    const node = await startNode(configOf(options), startOptionsOf(options));
    const kv = connect({
      endpoints: [node.url],
      discover: false,
      fetch: (url, init) => node.fetch(new Request(url, init)),
      onClose: () => node.close(),
      ...timeoutMs === undefined ? {} : { timeoutMs },
    });
    return Object.assign(kv, { node });
  },

  async openMachine<State, Command, Result, Query, Answer>(
    defined: DefinedStateMachine<State, Command, Result, Query, Answer>,
    options: OpenOptions = {},
  ): Promise<MachineGroup<Command, Result, Query, Answer>> {
    const machine = defined.create();
    const limitOf = ({ timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT }) => ({ timeoutMs });
    const running = await startMachine(machine, configOf(options), startOptionsOf(options));
    const { node } = running;
    return {
      node,
      propose: async (command, call = {}) => {
        const proposed = () => running.propose(defined.encode(command), limitOf(call));
        const outcome = await within(call.signal, proposed);
        if (outcome.kind === "applied") return outcome.result;
        throw new CommandRefused(outcome.message);
      },
      query: async (query, call = {}) => {
        const readable = () => running.readable(limitOf(call));
        if (call.consistency === "stale") running.requireState();
        else await within(call.signal, readable);
        return machine.query(query);
      },
      close: () => node.close(),
      [Symbol.asyncDispose]: () => node.close(),
    };
  },
};

const TIMEOUT_MS_DEFAULT = 5_000;

/** Waits for work, but no longer than until the signal is aborted. */
async function within<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return await work();
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function startOptionsOf({ listen, members, onEvent }: OpenOptions): StartOptions {
  const isAlone = listen === undefined && members === undefined;
  return { opensPort: !isAlone, ...onEvent === undefined ? {} : { onEvent } };
}

function configOf({ directory = MEMORY, listen, advertise, id, members, ...rest }: OpenOptions) {
  const { secret, settings = {} } = rest;
  const cluster = members === undefined
    ? undefined
    : Object.entries(members).map(([member, url]) => `${member}=${url}`).join(",");
  const others = Object.entries(settings).map(([name, value]) => [name, `${value}`]);
  return loadNodeConfig({
    flags: { ...Object.fromEntries(others), data: directory, listen, advertise, id, cluster },
    // A secret is none if it stands among the flags.
    env: { RAFTKV_SECRET: secret },
    file: null,
  });
}
