/**
 * The door of WebSockets: all connections of a node. docs/WEBSOCKET.md describes what is said there.
 *
 * @module
 */

import type { KvPort } from "../kv_port.ts";
import { type ClientSocket, SUBPROTOCOL } from "./client_socket.ts";
import { Connection } from "./connection.ts";
import { ALL_UNREAD_BYTES_MAX, WEBSOCKET_LIMITS, type WebSocketLimits } from "./limits.ts";
import { WatchHub } from "./watch_hub.ts";

/** What the door needs besides the node. */
export interface WebSocketDoorOptions {
  /** Takes what was thrown and not foreseen. */
  readonly onInternalError: (thrown: unknown) => void;
  /** What one client may take. */
  readonly limits?: WebSocketLimits;
  /** What all together may leave unread. */
  readonly allUnreadBytesMax?: number;
}

/** The connections of a node. */
export class WebSocketDoor {
  readonly #port: KvPort;
  readonly #options: WebSocketDoorOptions;
  readonly #limits: WebSocketLimits;
  readonly #allUnreadBytesMax: number;
  readonly #hub: WatchHub;
  readonly #connections = new Set<Connection>();
  #leaderId: string | null = null;
  #term = 0;

  constructor(port: KvPort, options: WebSocketDoorOptions) {
    this.#port = port;
    this.#options = options;
    this.#limits = options.limits ?? WEBSOCKET_LIMITS;
    this.#allUnreadBytesMax = options.allUnreadBytesMax ?? ALL_UNREAD_BYTES_MAX;
    this.#hub = new WatchHub(port.events);
  }

  /** How many clients are connected. */
  get size(): number {
    return this.#connections.size;
  }

  /** Bytes that they have not taken, about. */
  get unreadBytes(): number {
    let bytes = 0;
    for (const connection of this.#connections) bytes += connection.unreadBytes;
    return bytes;
  }

  /** How many watches they have. */
  get watchCount(): number {
    return this.#hub.size;
  }

  /** Takes over a client's socket; to be called in the turn in which it was made. */
  accept(socket: ClientSocket): void {
    if (this.#connections.size === 0) this.#noteLeader();
    const connection: Connection = new Connection(socket, this.#hello(), {
      port: this.#port,
      hub: this.#hub,
      limits: this.#limits,
      isCrowded: () => this.unreadBytes > this.#allUnreadBytesMax,
      onInternalError: this.#options.onInternalError,
      onEnd: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  /** The node may have gone on, and may follow another leader. */
  onTurn(): void {
    this.#hub.onTurn();
    if (this.#connections.size === 0) return;
    const { leaderId, term } = this.#port.status();
    if (leaderId === this.#leaderId && term === this.#term) return;
    [this.#leaderId, this.#term] = [leaderId, term];
    const message = `{"type":"leader",${this.#leaderFields()}}`;
    for (const connection of this.#connections) connection.announce(message);
  }

  /** Ends all connections: the node stops. */
  close(): void {
    for (const connection of this.#connections) connection.close(1012, "The node stops");
    this.#hub.stop();
  }

  #hello(): string {
    const { nodeId, clusterId } = this.#port;
    const identity = JSON.stringify({ protocol: SUBPROTOCOL, clusterId, nodeId });
    const { revision } = this.#port.events;
    return `{"type":"hello",${identity.slice(1, -1)},${this.#leaderFields()},` +
      `"revision":${revision},"limits":${JSON.stringify(this.#limits)}}`;
  }

  #noteLeader(): void {
    const { leaderId, term } = this.#port.status();
    [this.#leaderId, this.#term] = [leaderId, term];
  }

  #leaderFields(): string {
    const { leaderId, term } = this.#port.status();
    const leaderUrl = this.#port.members().find(({ id }) => id === leaderId)?.url ?? null;
    return JSON.stringify({ leaderId, leaderUrl, term }).slice(1, -1);
  }
}
