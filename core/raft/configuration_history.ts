/**
 * The configurations that stand in the log. The last one is in force, committed or not (thesis §4.1);
 * the earlier ones come back into force if the log is cut before it.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { type Configuration, isVoter, type Member } from "./configuration.ts";
import type { LogIndex, NodeId } from "./ids.ts";

/** A configuration and the entry that holds it. */
export interface PlacedConfiguration {
  /** The entry's index; that of the snapshot, or 0, if no held entry holds it. */
  readonly index: LogIndex;
  /** The configuration. */
  readonly configuration: Configuration;
}

/** The configurations in the held log, and the one in force before it. */
export class ConfigurationHistory {
  #placed: PlacedConfiguration[];

  /** Begins with the configuration in force before the held log. */
  constructor(first: PlacedConfiguration) {
    this.#placed = [first];
  }

  /** The one in force. */
  get latest(): PlacedConfiguration {
    return this.#placed.at(-1) as PlacedConfiguration;
  }

  /** The one in force right after the entry at `index`. */
  at(index: LogIndex): Configuration {
    const found = this.#placed.findLast((placed) => placed.index <= index);
    invariant(found !== undefined, "the configuration at an applied index is known", () => index);
    return found.configuration;
  }

  /**
   * Whether `id` votes in the configuration that is known to be committed or in any after it. A node
   * that the newest one leaves out may be the only one that holds it, and must then be able to lead
   * until it is committed (thesis §4.2.2).
   */
  mayVote(id: NodeId, commitIndex: LogIndex): boolean {
    return this.#since(commitIndex).some(({ configuration }) => isVoter(configuration, id));
  }

  /**
   * Everyone in the configuration that is known to be committed or in any after it, in order of their
   * ids: whoever is about to leave must still be reached, to learn that it has left.
   */
  members(commitIndex: LogIndex): Member[] {
    const members = new Map<NodeId, Member>();
    for (const { configuration } of this.#since(commitIndex)) {
      for (const member of configuration.members) members.set(member.id, member);
    }
    return [...members.values()].sort((a, b) => a.id < b.id ? -1 : 1);
  }

  /** An entry with a configuration was appended. */
  append(placed: PlacedConfiguration): void {
    invariant(placed.index > this.latest.index, "configurations follow each other in the log");
    this.#placed.push(placed);
  }

  /** An entry with a configuration that had been lost to damage is back in its place. */
  restore(placed: PlacedConfiguration): void {
    const at = this.#placed.findLastIndex(({ index }) => index < placed.index);
    invariant(at >= 0, "what is restored lies behind what is in force", () => placed.index);
    this.#placed.splice(at + 1, 0, placed);
  }

  /** The log lost its entries from `from` on. */
  truncateFrom(from: LogIndex): void {
    this.#placed = this.#placed.filter((placed, at) => at === 0 || placed.index < from);
  }

  /** Nothing before `index` will be asked for any more. */
  compact(index: LogIndex): void {
    const keep = this.#placed.findLastIndex((placed) => placed.index <= index);
    if (keep > 0) this.#placed = this.#placed.slice(keep);
  }

  /** A snapshot replaced the log. */
  reset(first: PlacedConfiguration): void {
    this.#placed = [first];
  }

  /** Everything it holds, as plain data. */
  toJSON(): readonly PlacedConfiguration[] {
    return this.#placed;
  }

  #since(commitIndex: LogIndex): PlacedConfiguration[] {
    const committed = this.#placed.findLastIndex((placed) => placed.index <= commitIndex);
    return this.#placed.slice(Math.max(0, committed));
  }
}
