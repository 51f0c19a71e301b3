/**
 * Asks the other members for what was lost to damage on this node's disk, and gives what others have
 * lost: entries, or a snapshot where those have been let go of. No term and no leader is involved:
 * core/raft/repair.ts says why.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { NodeId } from "../raft/ids.ts";
import type { Envelope } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import type {
  EntriesRequest,
  EntriesResponse,
  SnapshotPart,
  SnapshotSupply,
} from "../raft/repair_message.ts";
import type { HostTask, Input } from "./io.ts";
import { WantedSnapshot } from "./wanted_snapshot.ts";

/** After how many heartbeats an unanswered request is repeated: messages get lost, peers return. */
const REPEAT_HEARTBEATS = 3;

type Node = Pick<RaftNode<unknown>, "repair" | "peers" | "leaderId">;

/** The repairs of one replica. */
export class Repairs {
  readonly #node: Node;
  readonly #repeatMs: number;
  readonly #wanted: WantedSnapshot;
  /** Parts of the own snapshot that are being read, by who wants them. */
  readonly #reading = new Map<NodeId, SnapshotPart>();
  #askAtMs = -Infinity;
  #messages: Envelope[] = [];
  #tasks: HostTask[] = [];

  /** Asks nobody yet. */
  constructor(node: Node, heartbeatMs: number) {
    this.#node = node;
    this.#repeatMs = REPEAT_HEARTBEATS * heartbeatMs;
    this.#wanted = new WantedSnapshot(this.#repeatMs);
  }

  /** When to ask next; never, if nothing is lost. */
  get dueMs(): number {
    return this.#node.repair.isWhole ? Infinity : this.#askAtMs;
  }

  /** Asks everyone for what is lost, if that is due. */
  flush({ nowMs, isUp }: {
    readonly nowMs: number;
    readonly isUp: (peer: NodeId) => boolean;
  }): void {
    if (nowMs < this.dueMs) return;
    this.#askAtMs = nowMs + this.#repeatMs;
    const { repair, peers, leaderId } = this.#node;
    if (repair.isWhole) return;
    const up = peers.map(({ id }) => id).filter(isUp);
    // A leader sends its own snapshot where one is needed.
    if (leaderId !== null) this.#wanted.forget();
    const asked = leaderId === null ? this.#wanted.ask(up, nowMs) : null;
    for (const to of up) this.#ask(to, asked?.of === to ? asked.part : null);
  }

  /** A peer asks, or gives. */
  onMessage(from: NodeId, message: EntriesRequest | EntriesResponse | SnapshotSupply): void {
    switch (message.type) {
      case "entries_request":
        return this.#onRequest(from, message);
      case "entries_response":
        return this.#onResponse(message);
      case "snapshot_supply":
        return this.#onSupply(from, message);
      default:
        return unreachable(message);
    }
  }

  #onRequest(from: NodeId, { positions, snapshot }: EntriesRequest): void {
    const { repair } = this.#node;
    const entries = repair.supply(positions);
    if (entries.length > 0) {
      this.#messages.push({ to: from, message: { type: "entries_response", entries } });
    }
    const meta = snapshot === null ? null : repair.snapshotFor(positions);
    if (snapshot === null || meta === null || this.#reading.has(from)) return;
    const { index } = meta.last;
    const isBegun = snapshot.index === index && snapshot.offsetBytes < meta.sizeBytes;
    const offsetBytes = isBegun ? snapshot.offsetBytes : 0;
    this.#reading.set(from, { index, offsetBytes });
    this.#tasks.push({ kind: "read_chunk", to: from, meta, offsetBytes });
  }

  /** The rest, if there is more than one message can hold, is asked for at once. */
  #onResponse({ entries }: EntriesResponse): void {
    if (this.#node.repair.restore(entries)) this.#askAtMs = -Infinity;
  }

  /** Storage has read a part, perhaps for a peer that asked here. */
  onChunkRead(to: NodeId, { index, chunk }: Extract<Input, { kind: "chunk_read" }>): void {
    const part = this.#reading.get(to);
    if (part?.index !== index || (chunk !== null && chunk.offsetBytes !== part.offsetBytes)) return;
    this.#reading.delete(to);
    if (chunk === null) return;
    this.#messages.push({ to, message: { type: "snapshot_supply", chunk } });
  }

  #onSupply(from: NodeId, { chunk }: SnapshotSupply): void {
    if (!this.#node.repair.isHelpedBy(chunk.meta) || !this.#wanted.takes(from, chunk)) return;
    this.#tasks.push({ kind: "stage_chunk", from, chunk });
  }

  /** Storage has kept a part; returns whether the next one was asked for here. */
  maybeGoOn(staged: Extract<Input, { kind: "chunk_staged" }>, nowMs: number): boolean {
    const { from, meta, nextOffsetBytes } = staged;
    // What is complete is installed like a leader's.
    if (nextOffsetBytes >= meta.sizeBytes || !this.#node.repair.isHelpedBy(meta)) return false;
    const part = this.#wanted.onKept(staged, nowMs);
    if (part !== null) this.#ask(from, part);
    return part !== null;
  }

  /** The link to a peer broke: what it had asked for is of no use to it. */
  onPeerDown(peer: NodeId): void {
    this.#reading.delete(peer);
    this.#wanted.forget(peer);
  }

  /** The messages to peers since the last call. */
  takeMessages(): Envelope[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  /** The storage work since the last call. */
  takeTasks(): HostTask[] {
    const tasks = this.#tasks;
    this.#tasks = [];
    return tasks;
  }

  #ask(to: NodeId, snapshot: SnapshotPart | null): void {
    const positions = this.#node.repair.lost;
    if (positions.length === 0 && snapshot === null) return;
    this.#messages.push({ to, message: { type: "entries_request", positions, snapshot } });
  }
}
