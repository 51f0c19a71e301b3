/**
 * The key-value store as what a node replicates: HTTP and WebSockets over one port.
 *
 * @module
 */

import { type CommandResult, KvStateMachine } from "@raftkv/core/kv";
import { createApp } from "./app.ts";
import type { Application, Front, FrontParts } from "./application.ts";
import { ReplicaPort } from "./replica_port.ts";
import type { ClientSocket } from "./websocket/client_socket.ts";
import { WebSocketDoor } from "./websocket/websocket_door.ts";

/** A store, empty until it is restored. */
export function kvApplication(): Application<CommandResult> {
  const machine = new KvStateMachine();
  return { machine, open: (parts) => new KvFront(machine, parts) };
}

class KvFront extends ReplicaPort implements Front<CommandResult> {
  readonly #app: ReturnType<typeof createApp>;
  readonly #sockets: WebSocketDoor;

  constructor(reader: KvStateMachine, parts: FrontParts<CommandResult>) {
    super({ ...parts, reader });
    this.#app = createApp(this, parts);
    this.#sockets = new WebSocketDoor(this, parts);
  }

  fetch(request: Request): Response | Promise<Response> {
    return this.#app.fetch(request);
  }

  acceptClient(socket: ClientSocket): void {
    this.#sockets.accept(socket);
  }

  onTurn(): void {
    this.events.onTurn();
    this.#sockets.onTurn();
  }

  override abandon(): void {
    super.abandon();
    this.#sockets.close();
  }
}
