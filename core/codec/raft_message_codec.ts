/**
 * The bodies of the consensus protocol's messages as bytes: their fields in the order in which
 * `core/raft/message.ts` declares them.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { Entry } from "../raft/entry.ts";
import type { AppendRequest, RaftMessage } from "../raft/message.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { ENTRY_BYTES_MIN, readEntry, writeEntry } from "./entry_codec.ts";
import {
  readLogIndex,
  readLogPosition,
  readRound,
  readTerm,
  writeLogPosition,
} from "./ids_codec.ts";
import { readSnapshotChunk, writeSnapshotChunk } from "./snapshot_codec.ts";

/** Writes the fields of a message, without its type. */
export function writeRaftMessage(writer: ByteWriter, message: RaftMessage): void {
  writer.varint(message.term);
  switch (message.type) {
    case "pre_vote_request":
      return writeLogPosition(writer, message.last);
    case "pre_vote_response":
    case "vote_response":
      return writer.flag(message.granted);
    case "vote_request":
      writeLogPosition(writer, message.last);
      return writer.flag(message.transfer);
    case "append_request":
      writeLogPosition(writer, message.previous);
      writer.varint(message.entries.length);
      for (const entry of message.entries) writeEntry(writer, entry);
      return writer.varint(message.leaderCommit);
    case "append_accepted":
      return writer.varint(message.matchIndex);
    case "append_rejected":
      writer.varint(message.rejectedIndex);
      writeLogPosition(writer, message.hint);
      return writer.flag(message.isDamaged);
    case "heartbeat_request":
      writer.varint(message.commitIndex);
      writer.varint(message.round);
      return writer.varint(message.sentAtMs);
    case "heartbeat_response":
      writer.varint(message.round);
      writer.varint(message.sentAtMs);
      return writer.varint(message.withheldMs);
    case "snapshot_request":
      return writeSnapshotChunk(writer, message.chunk);
    case "snapshot_response":
      writer.varint(message.index);
      writer.varint(message.nextOffsetBytes);
      return writer.flag(message.installed);
    case "timeout_now":
      return;
    default:
      return unreachable(message);
  }
}

/**
 * Reads the fields of a message of the given type.
 *
 * @throws {DecodeError} if they are not there, or contradict each other
 */
export function readRaftMessage(type: RaftMessage["type"], reader: ByteReader): RaftMessage {
  const term = readTerm(reader);
  switch (type) {
    case "pre_vote_request":
      return { type, term, last: readLogPosition(reader) };
    case "pre_vote_response":
    case "vote_response":
      return { type, term, granted: reader.flag() };
    case "vote_request":
      return { type, term, last: readLogPosition(reader), transfer: reader.flag() };
    case "append_request":
      return readAppendRequest(reader, term);
    case "append_accepted":
      return { type, term, matchIndex: readLogIndex(reader) };
    case "append_rejected":
      return {
        type,
        term,
        rejectedIndex: readLogIndex(reader),
        hint: readLogPosition(reader),
        isDamaged: reader.flag(),
      };
    case "heartbeat_request":
      return {
        type,
        term,
        commitIndex: readLogIndex(reader),
        round: readRound(reader),
        sentAtMs: reader.varint(),
      };
    case "heartbeat_response":
      return {
        type,
        term,
        round: readRound(reader),
        sentAtMs: reader.varint(),
        withheldMs: reader.varint(),
      };
    case "snapshot_request":
      return { type, term, chunk: readSnapshotChunk(reader) };
    case "snapshot_response":
      return {
        type,
        term,
        index: readLogIndex(reader),
        nextOffsetBytes: reader.varint(),
        installed: reader.flag(),
      };
    case "timeout_now":
      return { type, term };
    default:
      return unreachable(type);
  }
}

/**
 * Reads an append and checks what the log relies on: entries follow `previous` without a gap, terms
 * never go back, and none is newer than its leader.
 */
function readAppendRequest(reader: ByteReader, term: AppendRequest["term"]): AppendRequest {
  const previous = readLogPosition(reader);
  const entries: Entry[] = [];
  let last = previous;
  for (let left = reader.count(ENTRY_BYTES_MIN); left > 0; left--) {
    const entry = readEntry(reader);
    if (entry.index !== last.index + 1) reader.fail("Entries leave a gap");
    if (entry.term < last.term) reader.fail("Terms of entries go back");
    entries.push(entry);
    last = entry;
  }
  if (last.term > term) reader.fail("Entry is newer than its leader");
  return { type: "append_request", term, previous, entries, leaderCommit: readLogIndex(reader) };
}
