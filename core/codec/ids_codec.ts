/**
 * Raft's numbers and names as bytes: the one place where plain ones become branded.
 *
 * @module
 */

import type { LogIndex, LogPosition, NodeId, ReadRound, Term } from "../raft/ids.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

/** Reads a term. */
export function readTerm(reader: ByteReader): Term {
  return reader.varint() as Term;
}

/** Reads a log index. */
export function readLogIndex(reader: ByteReader): LogIndex {
  return reader.varint() as LogIndex;
}

/** Reads a read round. */
export function readRound(reader: ByteReader): ReadRound {
  return reader.varint() as ReadRound;
}

/** Reads a node's id, which is never empty. */
export function readNodeId(reader: ByteReader): NodeId {
  const id = reader.text();
  if (id === "") reader.fail("Node id is empty");
  return id as NodeId;
}

/** Writes a node's id or its absence. */
export function writeNodeIdOrNull(writer: ByteWriter, id: NodeId | null): void {
  writer.text(id ?? "");
}

/** Reads what {@linkcode writeNodeIdOrNull} wrote: no id is empty, so empty stands for none. */
export function readNodeIdOrNull(reader: ByteReader): NodeId | null {
  const id = reader.text();
  return id === "" ? null : id as NodeId;
}

/** Writes a position in the log. */
export function writeLogPosition(writer: ByteWriter, position: LogPosition): void {
  writer.varint(position.index);
  writer.varint(position.term);
}

/** Reads a position in the log. Before the log, and only there, the term is 0. */
export function readLogPosition(reader: ByteReader): LogPosition {
  const index = readLogIndex(reader);
  const term = readTerm(reader);
  if ((index === 0) !== (term === 0)) reader.fail("Index and term disagree about the log's start");
  return { index, term };
}
