/**
 * Tells the cluster when the node is reached under another URL than before.
 *
 * @module
 */

import type { Configuration, Member } from "@raftkv/core/raft";
import type { Replica } from "@raftkv/core/replica";
import type { Duty } from "./duty.ts";

/** What it works with. */
export interface OwnAddressParts {
  readonly replica: Replica<unknown>;
  /** The node's URL. */
  readonly url: string;
  /** Whether that URL holds against what the cluster knows: if an operator named it. */
  readonly isNamed: boolean;
  /** Asks the leader to change the member's URL. */
  readonly move: (self: Member) => Promise<unknown>;
  /** Hears why that was refused. */
  readonly onRefused: (error: unknown) => void;
}

/** Has the node's URL in the configuration follow the one it was started with. */
export class OwnAddress implements Duty {
  readonly #parts: OwnAddressParts;
  /** The configuration that was looked at last. */
  #seen: Configuration | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isOver = false;

  /** Begins with the first turn. */
  constructor(parts: OwnAddressParts) {
    this.#parts = parts;
  }

  onTurn(): void {
    const { replica } = this.#parts;
    const { configuration } = replica;
    if (configuration === this.#seen || this.#timer !== null || this.#isOver) return;
    if (replica.leaderId === null || !replica.isConfigurationCommitted) return;
    this.#seen = configuration;
    void this.#maybeMove();
  }

  stop(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #maybeMove(): Promise<void> {
    const { replica, url, isNamed, move, onRefused } = this.#parts;
    const { members } = replica.configuration;
    const self = members.find(({ id }) => id === replica.id);
    // Alone, the node is the only one who knows its address.
    if (self === undefined || self.url === url || !(isNamed || members.length === 1)) return;
    try {
      await move({ id: replica.id, url });
    } catch (error) {
      if (this.#isOver) return;
      onRefused(error);
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#seen = null;
        this.onTurn();
      }, RETRY_MS);
    }
  }
}

const RETRY_MS = 5_000;
