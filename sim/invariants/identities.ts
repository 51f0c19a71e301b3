/**
 * I36: a directory, the configurations and the peers agree on who is who. A directory belongs to one
 * node for ever, and a node to one directory; no configuration names another for it, nor lets anyone
 * vote whose directory it does not name, but for those the cluster began with; and no node takes a
 * link for that of a peer whose directory is another.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import { decodeConfiguration } from "@raftkv/core/codec";
import type { Configuration, Entry, NodeId, PersistBatch } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import type { Rule } from "./rule.ts";

/** I36 identities. */
export class Identities implements Rule {
  readonly #directories = new Map<NodeId, string>();
  /** Those who vote in the first configuration, once a node has begun with it. */
  #founders: readonly NodeId[] | null = null;

  onStarted({ configuration, id, incarnation }: Observed): void {
    this.#founders ??= configuration?.voters ?? [];
    const known = this.#directories.get(id) ?? incarnation;
    const isTaken = [...this.#directories].some(([other, each]) => {
      return other !== id && each === incarnation;
    });
    invariant(
      known === incarnation && !isTaken,
      "I36 identities: a node has one directory, which is no other's",
      () => ({ id, incarnation, known: [...this.#directories] }),
    );
    this.#directories.set(id, incarnation);
  }

  onTold({ id }: Observed, input: Told): void {
    if (input.kind !== "peer_up" || input.incarnation === undefined) return;
    const { incarnation, peer } = input;
    invariant(
      this.#directories.get(peer) === incarnation,
      "I36 identities: whoever links up under a peer's name has that peer's directory",
      () => ({ id, peer, incarnation, directory: this.#directories.get(peer) ?? null }),
    );
  }

  onPersisting({ id }: Observed, { entries }: PersistBatch): void {
    for (const entry of entries) {
      if (entry.kind === "configuration") this.#onConfiguration(id, entry);
    }
  }

  #onConfiguration(id: NodeId, { index, payload, term }: Entry): void {
    const configuration = decodeConfiguration(payload);
    const detail = () => ({ id, index, term, ...configuration });
    for (const member of configuration.members) {
      const { incarnation } = member;
      invariant(
        incarnation === undefined || incarnation === this.#directories.get(member.id),
        "I36 identities: a configuration names the directory that a member has",
        detail,
      );
      invariant(
        incarnation !== undefined || !this.#isNewVoter(configuration, member.id),
        "I36 identities: nobody comes to vote whose directory is not known",
        detail,
      );
    }
  }

  #isNewVoter({ voters }: Configuration, id: NodeId): boolean {
    return voters.includes(id) && this.#founders?.includes(id) === false;
  }
}
