/**
 * The watches of one connection, under the ids of the messages that asked for them.
 *
 * @module
 */

import type { KvPort } from "../kv_port.ts";
import type { JsonFields } from "../json_input.ts";
import type { Ask } from "../operations/ask.ts";
import { cancel, watch, watchAsk } from "../operations/watch.ts";
import type { Watch } from "../watch_message.ts";
import { Watcher } from "./watch_groups.ts";
import type { WatchHub } from "./watch_hub.ts";

/** The connection, as its watches see it. */
export interface WatchingConnection {
  /** Whether more had better wait. */
  readonly isCongested: boolean;
  /** Sends a message. */
  say(message: string): void;
}

/** The watches of one connection. */
export class ConnectionWatches {
  readonly #hub: WatchHub;
  readonly #connection: WatchingConnection;
  readonly #watchers = new Map<number, Watcher>();
  /** Those for which the node is still being asked. */
  readonly #asked = new Set<number>();

  constructor(hub: WatchHub, connection: WatchingConnection) {
    this.#hub = hub;
    this.#connection = connection;
  }

  /** How many there are. */
  get size(): number {
    return this.#watchers.size + this.#asked.size;
  }

  /** Whether there is one of this id. */
  has(id: number): boolean {
    return this.#watchers.has(id);
  }

  /**
   * What the node is to be asked before a watch of this id can begin.
   *
   * @throws {KvFailure} if the fields are none of a watch
   */
  ask(port: KvPort, id: number, fields: JsonFields): Ask<Watch> {
    const ask = watchAsk(port, watch.parse(fields));
    this.#asked.add(id);
    return ask;
  }

  /** Begins a watch that was asked for, unless it was cancelled meanwhile. */
  begin(id: number, watch: Watch): void {
    if (!this.#asked.delete(id)) return;
    const connection = this.#connection;
    const watcher = new Watcher(watch, {
      get isCongested() {
        return connection.isCongested;
      },
      onMessage: (json) => connection.say(messageOf(id, json)),
      onEnd: (json) => {
        this.#watchers.delete(id);
        connection.say(messageOf(id, json));
      },
    });
    this.#watchers.set(id, watcher);
    this.#hub.add(watcher);
  }

  /**
   * The watch that is to be cancelled.
   *
   * @throws {KvFailure} if the fields name none
   */
  watchIn(fields: JsonFields): number {
    return cancel.parse(fields).watch;
  }

  /** Ends a watch; whether there was one. */
  cancel(id: number): boolean {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return this.#asked.delete(id);
    this.#watchers.delete(id);
    this.#hub.remove(watcher);
    return true;
  }

  /** Ends all. */
  end(): void {
    for (const watcher of this.#watchers.values()) this.#hub.remove(watcher);
    this.#watchers.clear();
    this.#asked.clear();
  }
}

/** A message of a watch: the same as over HTTP, with the watch's id. */
function messageOf(id: number, json: string): string {
  return `{"watch":${id},${json.slice(1)}`;
}
