/**
 * The bodies of the messages with which nodes serve each other's clients, as bytes: their fields in
 * the order in which `core/raft/message.ts` declares them.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { NodeId } from "../raft/ids.ts";
import type {
  ForwardEnd,
  NodeStatus,
  ReadIndex,
  ReadProof,
  ReplicaMessage,
  Role,
  StateHash,
  WriteTimes,
} from "../raft/message.ts";
import type {
  EntriesRequest,
  EntriesResponse,
  SnapshotPart,
  SnapshotSupply,
} from "../raft/repair_message.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { ENTRY_BYTES_MIN, readEntry, writeEntry } from "./entry_codec.ts";
import {
  readLogIndex,
  readLogPosition,
  readNodeId,
  readNodeIdOrNull,
  readTerm,
  writeLogPosition,
  writeNodeIdOrNull,
} from "./ids_codec.ts";
import { readOrder, readOrderEnd, writeOrder, writeOrderEnd } from "./order_codec.ts";
import { PROPOSAL_FAILURES } from "./proposal_failures.ts";
import { readSnapshotChunk, writeSnapshotChunk } from "./snapshot_codec.ts";
import { Tags } from "./tags.ts";

/** What speaks for itself, whoever asked. */
type MessageWithoutNumber = StateHash | EntriesRequest | EntriesResponse | SnapshotSupply;

/** Writes the fields of a message, without its type. */
export function writeReplicaMessage(writer: ByteWriter, message: ReplicaMessage): void {
  switch (message.type) {
    case "state_hash":
      writer.varint(message.index);
      writer.text(message.hash);
      return writer.flag(message.asks);
    case "entries_request":
      writer.varint(message.positions.length);
      for (const position of message.positions) writeLogPosition(writer, position);
      return writeSnapshotPart(writer, message.snapshot);
    case "entries_response":
      writer.varint(message.entries.length);
      for (const entry of message.entries) writeEntry(writer, entry);
      return;
    case "snapshot_supply":
      return writeSnapshotChunk(writer, message.chunk);
    default:
      return writeServiceMessage(writer, message);
  }
}

function writeSnapshotPart(writer: ByteWriter, part: SnapshotPart | null): void {
  writer.flag(part !== null);
  if (part === null) return;
  writer.varint(part.index);
  writer.varint(part.offsetBytes);
}

function writeServiceMessage(
  writer: ByteWriter,
  message: Exclude<ReplicaMessage, MessageWithoutNumber>,
): void {
  writer.varint(message.requestId);
  switch (message.type) {
    case "forward_request":
      writer.varint(message.sender);
      writer.varint(message.term);
      writer.flag(message.isTraced);
      return writer.bytes(message.payload);
    case "forward_response":
      writer.varint(message.sender);
      return writeForwardEnd(writer, message.end);
    case "order_request":
      writer.varint(message.sender);
      writer.varint(message.term);
      return writeOrder(writer, message.order);
    case "order_response":
      writer.varint(message.sender);
      return writeOrderEnd(writer, message.end);
    case "read_index_request":
      return writer.flag(message.lease);
    case "status_request":
      return;
    case "read_index_response":
      if (message.granted === null) return writer.u8(CANNOT_TELL);
      writer.u8(READ_PROOFS.tagOf(message.granted.proof));
      return writer.varint(message.granted.index);
    case "status_response":
      return writeNodeStatus(writer, message.status);
    default:
      return unreachable(message);
  }
}

/**
 * Reads the fields of a message of the given type.
 *
 * @throws {DecodeError} if they are not there
 */
export function readReplicaMessage(
  type: ReplicaMessage["type"],
  reader: ByteReader,
): ReplicaMessage {
  switch (type) {
    case "state_hash":
      return { type, index: readLogIndex(reader), hash: reader.text(), asks: reader.flag() };
    case "entries_request":
      return {
        type,
        positions: readAll(reader, POSITION_BYTES_MIN, readLogPosition),
        snapshot: reader.flag()
          ? { index: readLogIndex(reader), offsetBytes: reader.varint() }
          : null,
      };
    case "entries_response":
      return { type, entries: readAll(reader, ENTRY_BYTES_MIN, readEntry) };
    case "snapshot_supply":
      return { type, chunk: readSnapshotChunk(reader) };
    default:
      return readServiceMessage(type, reader);
  }
}

function readServiceMessage(
  type: Exclude<ReplicaMessage, MessageWithoutNumber>["type"],
  reader: ByteReader,
): ReplicaMessage {
  const requestId = reader.varint();
  switch (type) {
    case "forward_request":
      return {
        type,
        requestId,
        sender: reader.varint(),
        term: readTerm(reader),
        isTraced: reader.flag(),
        payload: reader.bytes(),
      };
    case "forward_response":
      return { type, requestId, sender: reader.varint(), end: readForwardEnd(reader) };
    case "order_request":
      return {
        type,
        requestId,
        sender: reader.varint(),
        term: readTerm(reader),
        order: readOrder(reader),
      };
    case "order_response":
      return { type, requestId, sender: reader.varint(), end: readOrderEnd(reader) };
    case "read_index_request":
      return { type, requestId, lease: reader.flag() };
    case "status_request":
      return { type, requestId };
    case "read_index_response":
      return { type, requestId, granted: readReadIndex(reader) };
    case "status_response":
      return { type, requestId, status: readNodeStatus(reader) };
    default:
      return unreachable(type);
  }
}

function readReadIndex(reader: ByteReader): ReadIndex | null {
  const tag = reader.u8();
  if (tag === CANNOT_TELL) return null;
  const proof = READ_PROOFS.nameOf(tag) ?? reader.fail("Proof is unknown");
  return { index: readLogIndex(reader), proof };
}

/** Reads how many there are and then so many, each of at least `bytesMin`. */
function readAll<T>(reader: ByteReader, bytesMin: number, read: (reader: ByteReader) => T): T[] {
  return Array.from({ length: reader.count(bytesMin) }, () => read(reader));
}

function writeForwardEnd(writer: ByteWriter, end: ForwardEnd): void {
  if (end.kind === "failed") return writer.u8(PROPOSAL_FAILURES.tagOf(end.reason));
  writer.u8(APPLIED);
  writer.varint(end.index);
  writer.bytes(end.result);
  writer.flag(end.times !== null);
  if (end.times !== null) writeWriteTimes(writer, end.times);
}

function readForwardEnd(reader: ByteReader): ForwardEnd {
  const tag = reader.u8();
  if (tag === APPLIED) {
    return {
      kind: "applied",
      index: readLogIndex(reader),
      result: reader.bytes(),
      times: reader.flag() ? readWriteTimes(reader) : null,
    };
  }
  return { kind: "failed", reason: PROPOSAL_FAILURES.nameOf(tag) ?? reader.fail("End is unknown") };
}

/** Times cross as whole microseconds. */
function writeWriteTimes(writer: ByteWriter, times: WriteTimes): void {
  writer.varint(Math.round(times.queueMs * 1_000));
  writer.varint(Math.round(times.quorumMs * 1_000));
  writer.flag(times.fsyncMs !== null);
  if (times.fsyncMs !== null) writer.varint(Math.round(times.fsyncMs * 1_000));
  writer.varint(times.peers.length);
  for (const { id, ackMs } of times.peers) {
    writer.text(id);
    writer.varint(Math.round(ackMs * 1_000));
  }
}

function readWriteTimes(reader: ByteReader): WriteTimes {
  const queueMs = reader.varint() / 1_000;
  const quorumMs = reader.varint() / 1_000;
  const fsyncMs = reader.flag() ? reader.varint() / 1_000 : null;
  const peers: { id: NodeId; ackMs: number }[] = [];
  for (let left = reader.count(3); left > 0; left--) {
    peers.push({ id: readNodeId(reader), ackMs: reader.varint() / 1_000 });
  }
  return { queueMs, fsyncMs, quorumMs, peers };
}

function writeNodeStatus(writer: ByteWriter, status: NodeStatus): void {
  writer.text(status.id);
  writer.u8(ROLES.tagOf(status.role));
  writer.varint(status.term);
  writeNodeIdOrNull(writer, status.leaderId);
  writer.varint(status.lastIndex);
  writer.varint(status.commitIndex);
  writer.varint(status.appliedIndex);
  writer.varint(status.snapshotIndex);
  writer.varint(status.revision);
}

function readNodeStatus(reader: ByteReader): NodeStatus {
  return {
    id: readNodeId(reader),
    role: ROLES.nameOf(reader.u8()) ?? reader.fail("Role is unknown"),
    term: readTerm(reader),
    leaderId: readNodeIdOrNull(reader),
    lastIndex: readLogIndex(reader),
    commitIndex: readLogIndex(reader),
    appliedIndex: readLogIndex(reader),
    snapshotIndex: readLogIndex(reader),
    revision: reader.varint(),
  };
}

/** No position takes fewer bytes than this. */
const POSITION_BYTES_MIN = 2;

/** First byte of a forwarded command's end: this, or the tag of a failure. */
const APPLIED = 0;

/** First byte of the answer of a node that does not lead: this, or the tag of a proof. */
const CANNOT_TELL = 0;

const READ_PROOFS = new Tags<ReadProof>({ quorum: 1, lease: 2 });

const ROLES = new Tags<Role>({
  follower: 1,
  pre_candidate: 2,
  candidate: 3,
  leader: 4,
  learner: 5,
});
