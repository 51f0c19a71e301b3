/**
 * Finds out what became of the node's membership while it was away.
 *
 * @module
 */

import type { MembersAnswer } from "@raftkv/core/api";
import type { Member } from "@raftkv/core/raft";
import type { Replica } from "@raftkv/core/replica";
import type { Duty } from "./duty.ts";
import { askMembers, membersIn } from "./members_client.ts";
import { type NotAMemberError, otherDirectoryError, removedError } from "./not_a_member_error.ts";

/** What it works with. */
export interface StandingParts {
  readonly replica: Replica<unknown>;
  readonly clusterId: string;
  /** Names the node's data directory; undefined if it has none. */
  readonly incarnation: string | undefined;
  /** The URL under which the node itself is reached. */
  readonly ownUrl: string;
  /** Nodes to ask beside the members that the log names. */
  readonly urls: readonly string[];
  /** How long a node knows of no leader before it asks, in milliseconds. */
  readonly waitMs: number;
  /** Hears who the members are. */
  readonly onMembers: (members: readonly Member[]) => void;
  /** Hears, once, that the node is none. */
  readonly onExpelled: (error: NotAMemberError) => void;
}

/**
 * Watches over the node's place in the cluster. Its own log tells of its removal, if the news came
 * before the links were cut. A node that was away finds that nobody links up with it any more, or
 * that its peers are gone: when it has known of no leader for a while, it asks the members that it
 * knows. A linearizable answer is the cluster's, and an id is never used twice: who is not in it has
 * been removed for good.
 */
export class Standing implements Duty {
  readonly #parts: StandingParts;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isAsking = false;
  #isOver = false;

  /** Begins to watch with the first turn. */
  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  onTurn(): void {
    if (this.#isOver) return;
    const { replica, waitMs } = this.#parts;
    if (replica.isRemoved) return this.#expel(removedError(replica.id));
    const isLost = replica.leaderId === null;
    if (isLost && this.#timer === null && !this.#isAsking) {
      this.#timer = setTimeout(() => void this.#ask(), waitMs);
    } else if (!isLost) this.#cancel();
  }

  stop(): void {
    this.#isOver = true;
    this.#stop.abort();
    this.#cancel();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #ask(): Promise<void> {
    this.#timer = null;
    this.#isAsking = true;
    try {
      for (const url of this.#urls()) {
        const asked = await askMembers(url, { timeoutMs: ASK_MS, signal: this.#stop.signal });
        if (this.#isOver || this.#parts.replica.leaderId !== null) return;
        if (asked.kind === "answered" && this.#heed(asked.answer)) return;
      }
    } catch {
      // The node ends.
    } finally {
      this.#isAsking = false;
      this.onTurn();
    }
  }

  #urls(): readonly string[] {
    const { replica, urls, ownUrl } = this.#parts;
    const all = new Set([...replica.peers.map(({ url }) => url), ...urls]);
    all.delete(ownUrl);
    return [...all];
  }

  /** Whether the answer settles the matter. */
  #heed(answer: MembersAnswer): boolean {
    const { replica, clusterId, incarnation, onMembers, ownUrl } = this.#parts;
    // Another cluster's node at that address says nothing of this one.
    if (answer.clusterId !== clusterId || !answer.committed) return false;
    const own = answer.members.find(({ id }) => id === replica.id);
    if (own === undefined) this.#expel(removedError(replica.id));
    else if (own.incarnation !== undefined && own.incarnation !== incarnation) {
      this.#expel(otherDirectoryError(replica.id, ownUrl));
    } else onMembers(membersIn(answer));
    return true;
  }

  #expel(error: NotAMemberError): void {
    this.stop();
    this.#parts.onExpelled(error);
  }
}

const ASK_MS = 1_000;
