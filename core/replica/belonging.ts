/**
 * Whether this node still belongs to its cluster.
 *
 * @module
 */

import { type Configuration, isJoint } from "../raft/configuration.ts";
import type { NodeId } from "../raft/ids.ts";

/** What the node's own log says of its membership. */
export class Belonging {
  readonly #id: NodeId;
  #configuration: Configuration | null = null;
  #isMember = false;
  #wasMember = false;

  /** Knows nothing yet. */
  constructor(id: NodeId) {
    this.#id = id;
  }

  /** Takes the members in force. */
  note(configuration: Configuration): void {
    if (configuration === this.#configuration) return;
    this.#configuration = configuration;
    this.#isMember = configuration.members.some(({ id }) => id === this.#id);
    this.#wasMember ||= this.#isMember;
  }

  /**
   * Whether the node was a member once and the members in force do without it. (A node that is new
   * reads of many configurations before it comes to the first that has it.)
   */
  get isLeft(): boolean {
    return this.#wasMember && !this.#isMember && this.#configuration !== null &&
      !isJoint(this.#configuration);
  }
}
