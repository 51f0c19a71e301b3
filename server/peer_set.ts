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
  readonly #onDropped: (peer: NodeId) => void;
  /** The peers to which there is or should be a link. */
  #held: readonly Member[] = [];
  /** Those among them that have left, each with the timer that ends its link. */
  readonly #leaving = new Map<NodeId, ReturnType<typeof setTimeout>>();

  /**
   * Holds no link yet.
   *
   * @param options `told`: members known by hearsay, perhaps this node among them. `onDropped` hears
   *   of each link that was ended for good, which the transport does without a report.
   */
  constructor(
    replica: Replica<unknown>,
    transport: Transport,
    options: {
      readonly told: readonly Member[];
      readonly onDropped: (peer: NodeId) => void;
    },
  ) {
    this.#replica = replica;
    this.#transport = transport;
    this.#told = options.told;
    this.#onDropped = options.onDropped;
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

  stop(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
  }

  #isNamed(id: NodeId): boolean {
    return this.#replica.members.some((member) => member.id === id);
  }

  #apply(): void {
    const { id, peers } = this.#replica;
    const others = this.#told.filter((told) =>
      told.id !== id && !peers.some((peer) => peer.id === told.id)
    );
    const wanted = [...peers, ...others];
    for (const { id: peer } of wanted) this.#stay(peer);
    const isWanted = (peer: NodeId) => wanted.some((each) => each.id === peer);
    const rest = this.#held.filter((held) => !isWanted(held.id));
    for (const { id: peer } of rest) this.#beginLeave(peer);
    this.#held = [...wanted, ...rest];
    this.#transport.setPeers(this.#held);
  }

  #stay(peer: NodeId): void {
    const timer = this.#leaving.get(peer);
    if (timer !== undefined) clearTimeout(timer);
    this.#leaving.delete(peer);
  }

  /**
   * What a leader that removed itself still has to say, that it is done among other things, may be on
   * its way: the link to a member that has left is kept for a moment.
   */
  #beginLeave(peer: NodeId): void {
    if (this.#leaving.has(peer)) return;
    const timer = setTimeout(() => {
      this.#leaving.delete(peer);
      this.#held = this.#held.filter((held) => held.id !== peer);
      this.#transport.setPeers(this.#held);
      this.#onDropped(peer);
    }, LEAVE_MS);
    this.#leaving.set(peer, timer);
  }
}

const LEAVE_MS = 1_000;
