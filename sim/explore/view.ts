/**
 * What the rules look at in a node: its role, its log and what is durable of it.
 *
 * @module
 */

import type { Entry, HardState, LogIndex, NodeId, Role, Term } from "@raftkv/core/raft";
import type { Actor } from "./actor.ts";

/** A node in the eyes of the rules. */
export interface View {
  /** The node. */
  readonly id: NodeId;
  /** Its role in its term. */
  readonly role: Role;
  /** The term it is in. */
  readonly term: Term;
  /** The last entry it knows to be committed. */
  readonly commitIndex: LogIndex;
  /** Its log, durable or not. */
  readonly log: readonly Entry[];
  /** What a crash would leave of its log. */
  readonly durable: readonly Entry[];
  /** What a crash would leave of its term and vote. */
  readonly hardState: HardState;
  /** What a leader believes each peer to hold durably. */
  readonly matches: ReadonlyMap<NodeId, LogIndex>;
}

interface Memory {
  readonly log: { toJSON(): { readonly entries: readonly Entry[] } };
  readonly role: {
    readonly progress?: ReadonlyMap<NodeId, { readonly matchIndex: LogIndex }>;
  };
}

/** Looks at a node. */
export function viewOf({ disk, id, node }: Actor): View {
  const { log, role } = node.toJSON() as unknown as Memory;
  return {
    id,
    role: node.role,
    term: node.term,
    commitIndex: node.commitIndex,
    log: [...log.toJSON().entries],
    durable: disk.entries,
    hardState: disk.hardState,
    matches: new Map([...role.progress ?? []].map(([peer, { matchIndex }]) => [peer, matchIndex])),
  };
}

/** Whether two entries are one. */
export function isSameEntry(a: Entry, b: Entry): boolean {
  return a.index === b.index && a.term === b.term && a.kind === b.kind &&
    a.payload.length === b.payload.length && a.payload.every((byte, at) => byte === b.payload[at]);
}
