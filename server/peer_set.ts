/**
 * Which peers to hold links to: those that the configuration in the log names.
 *
 * @module
 */

import type { Transport } from "@raftkv/core";
import type { Configuration, Member, NodeId } from "@raftkv/core/raft";
import type { Replica } from "@raftkv/core/replica";
import type { Duty } from "./duty.ts";

/**
 * Lets the links follow the configuration. A node whose log is behind knows only members of the past:
 * until it has caught up it also holds links to members of which it was told, for the leader may be
 * one of them.
 */
export class PeerSet implements Duty {
  readonly #replica: Replica<unknown>;
  readonly #transport: Transport;
  #told: readonly Member[];
  #configuration: Configuration | null = null;
  #isCommitted = false;
  #leaderId: NodeId | null = null;

  /** @param told Members that are known by hearsay, perhaps this node among them. */
  constructor(
    replica: Replica<unknown>,
    transport: Transport,
    { told }: { readonly told: readonly Member[] },
  ) {
    this.#replica = replica;
    this.#transport = transport;
    this.#told = told;
  }

  /** Takes members that another node named. */
  learn(told: readonly Member[]): void {
    this.#told = told;
    this.#apply();
  }

  onTurn(): void {
    const { configuration, isConfigurationCommitted, leaderId } = this.#replica;
    if (
      configuration === this.#configuration && isConfigurationCommitted === this.#isCommitted &&
      leaderId === this.#leaderId
    ) return;
    this.#configuration = configuration;
    this.#isCommitted = isConfigurationCommitted;
    this.#leaderId = leaderId;
    // What the log says is enough once it names this node and the leader that it gets the log from.
    if (leaderId !== null && this.#isNamed(leaderId) && this.#isNamed(this.#replica.id)) {
      this.#told = [];
    }
    this.#apply();
  }

  stop(): void {}

  #isNamed(id: NodeId): boolean {
    return this.#replica.members.some((member) => member.id === id);
  }

  #apply(): void {
    const { id, peers } = this.#replica;
    const others = this.#told.filter((told) =>
      told.id !== id && !peers.some((peer) => peer.id === told.id)
    );
    this.#transport.setPeers([...peers, ...others]);
  }
}
