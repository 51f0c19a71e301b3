/**
 * Everything nodes say to each other, as bytes.
 *
 * ```text
 * version u8 = 1, type u8, fields of that type, nothing else
 * ```
 *
 * Lengths, checksums and the sender's identity are the transport's.
 *
 * @module
 */

import {
  isReplicaMessage,
  type Message,
  type RaftMessage,
  type ReplicaMessage,
} from "../raft/message.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { DecodeError } from "./decode_error.ts";
import { ENTRY_HEADER_BYTES_MAX } from "./entry_codec.ts";
import { readRaftMessage, writeRaftMessage } from "./raft_message_codec.ts";
import { readReplicaMessage, writeReplicaMessage } from "./replica_message_codec.ts";
import { Tags } from "./tags.ts";

/** Bytes that are no message. */
export interface DecodeFailure {
  /** Tells it from a {@linkcode Message}. */
  readonly type: "malformed";
  /** What is wrong with them. */
  readonly reason: string;
  /** Where reading stopped. */
  readonly offsetBytes: number;
}

/** The bytes of a message. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new ByteWriter(sizeBytesExpected(message));
  writer.u8(VERSION);
  if (isReplicaMessage(message)) {
    writer.u8(REPLICA_TYPES.tagOf(message.type));
    writeReplicaMessage(writer, message);
  } else {
    writer.u8(RAFT_TYPES.tagOf(message.type));
    writeRaftMessage(writer, message);
  }
  return writer.finish();
}

/**
 * The message that `bytes` hold, or why they hold none. Total: whatever the bytes are, it ends, does
 * not throw, and takes memory in proportion to them.
 *
 * @param bytes Must not change afterwards: payloads in the message are views of it.
 */
export function decodeMessage(bytes: Uint8Array): Message | DecodeFailure {
  const reader = new ByteReader(bytes);
  try {
    const message = readMessage(reader);
    reader.end();
    return message;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { type: "malformed", reason: error.reason, offsetBytes: error.offsetBytes };
  }
}

function readMessage(reader: ByteReader): Message {
  if (reader.u8() !== VERSION) reader.fail("Message is of an unknown version");
  const tag = reader.u8();
  const raftType = RAFT_TYPES.nameOf(tag);
  if (raftType !== undefined) return readRaftMessage(raftType, reader);
  const replicaType = REPLICA_TYPES.nameOf(tag) ?? reader.fail("Message is of an unknown type");
  return readReplicaMessage(replicaType, reader);
}

/** Room for the whole message where it is large, so that its payload is copied once. */
function sizeBytesExpected(message: Message): number {
  switch (message.type) {
    case "append_request":
    case "entries_response": {
      let size = SMALL_MESSAGE_BYTES;
      for (const { payload } of message.entries) size += ENTRY_HEADER_BYTES_MAX + payload.length;
      return size;
    }
    case "entries_request":
      return SMALL_MESSAGE_BYTES + POSITION_BYTES_MAX * message.positions.length;
    case "snapshot_request":
    case "snapshot_supply":
      return CHUNK_HEADER_BYTES + message.chunk.data.length;
    case "forward_request":
      return SMALL_MESSAGE_BYTES + message.payload.length;
    case "forward_response":
      return SMALL_MESSAGE_BYTES + (message.end.kind === "applied" ? message.end.result.length : 0);
    default:
      return SMALL_MESSAGE_BYTES;
  }
}

const VERSION = 1;
const SMALL_MESSAGE_BYTES = 64;
const CHUNK_HEADER_BYTES = 1_024;
const POSITION_BYTES_MAX = 16;

const RAFT_TYPES = new Tags<RaftMessage["type"]>({
  pre_vote_request: 1,
  pre_vote_response: 2,
  vote_request: 3,
  vote_response: 4,
  append_request: 5,
  append_accepted: 6,
  append_rejected: 7,
  heartbeat_request: 8,
  heartbeat_response: 9,
  snapshot_request: 10,
  snapshot_response: 11,
  timeout_now: 12,
});

const REPLICA_TYPES = new Tags<ReplicaMessage["type"]>({
  forward_request: 32,
  forward_response: 33,
  read_index_request: 34,
  read_index_response: 35,
  status_request: 36,
  status_response: 37,
  state_hash: 38,
  order_request: 39,
  order_response: 40,
  entries_request: 41,
  entries_response: 42,
  snapshot_supply: 43,
});
