/**
 * Has a snapshot from a member that need not lead, for what nobody can give as entries any more. One
 * member is asked at a time, since there is one place to keep what has come; the next when that one has
 * nothing, or stays silent.
 *
 * @module
 */

import { INDEX_ZERO, type NodeId } from "../raft/ids.ts";
import type { SnapshotPart } from "../raft/repair_message.ts";
import type { SnapshotChunk, SnapshotMeta } from "../raft/snapshot.ts";

/** How often a part that does not come is asked of the same member, each time after twice as long. */
const ATTEMPTS_MAX = 5;

/** Who is asked, and how far that has come. */
interface Supplier {
  readonly id: NodeId;
  /** The snapshot it has begun to give; null before. */
  readonly meta: SnapshotMeta | null;
  offsetBytes: number;
  attempts: number;
  /** When to ask again. */
  dueMs: number;
}

/** The snapshot that one node waits for. */
export class WantedSnapshot {
  readonly #repeatMs: number;
  #supplier: Supplier | null = null;

  /** @param repeatMs After how long an unanswered question is repeated at first. */
  constructor(repeatMs: number) {
    this.#repeatMs = repeatMs;
  }

  /** Whom to ask now, and for which part; null while an answer is awaited, or nobody is there. */
  ask(
    up: readonly NodeId[],
    nowMs: number,
  ): { readonly of: NodeId; readonly part: SnapshotPart } | null {
    const before = this.#supplier;
    if (before !== null && nowMs < before.dueMs) return null;
    const isKept = before !== null && before.meta !== null && before.attempts < ATTEMPTS_MAX;
    const supplier = isKept ? before : newSupplier(memberAfter(before?.id, up));
    this.#supplier = supplier;
    if (supplier === null) return null;
    this.#onAsked(supplier, nowMs);
    return { of: supplier.id, part: partOf(supplier) };
  }

  /** Whether a part that came is the one to keep next. */
  takes(from: NodeId, { meta, offsetBytes }: SnapshotChunk): boolean {
    const supplier = this.#supplier;
    if (supplier === null) return false;
    const goesOn = supplier.id === from && supplier.meta?.last.index === meta.last.index;
    if (goesOn) return offsetBytes === supplier.offsetBytes;
    // One that answers late is as good as another that has not answered yet.
    const mayBegin = supplier.id === from || supplier.meta === null;
    if (!mayBegin || offsetBytes !== 0) return false;
    this.#supplier = { ...supplier, id: from, meta, offsetBytes, attempts: 0 };
    return true;
  }

  /** A part is kept; which one to ask for now, or null if it was not asked for here. */
  onKept(
    { from, meta, nextOffsetBytes }: {
      readonly from: NodeId;
      readonly meta: SnapshotMeta;
      readonly nextOffsetBytes: number;
    },
    nowMs: number,
  ): SnapshotPart | null {
    const supplier = this.#supplier;
    if (supplier?.id !== from || supplier.meta?.last.index !== meta.last.index) return null;
    supplier.offsetBytes = nextOffsetBytes;
    supplier.attempts = 0;
    this.#onAsked(supplier, nowMs);
    return partOf(supplier);
  }

  /** Somebody leads, who gives what is missing; or the link to this member broke. */
  forget(peer?: NodeId): void {
    if (peer === undefined || this.#supplier?.id === peer) this.#supplier = null;
  }

  #onAsked(supplier: Supplier, nowMs: number): void {
    supplier.dueMs = nowMs + this.#repeatMs * 2 ** supplier.attempts++;
  }
}

function newSupplier(id: NodeId | null): Supplier | null {
  return id === null ? null : { id, meta: null, offsetBytes: 0, attempts: 0, dueMs: 0 };
}

function partOf({ meta, offsetBytes }: Supplier): SnapshotPart {
  return { index: meta?.last.index ?? INDEX_ZERO, offsetBytes };
}

/** The next in turn. */
function memberAfter(id: NodeId | undefined, members: readonly NodeId[]): NodeId | null {
  const at = id === undefined ? -1 : members.indexOf(id);
  return members[(at + 1) % members.length] ?? null;
}
