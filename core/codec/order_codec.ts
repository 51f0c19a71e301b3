/**
 * Operators' orders on their way to the leader, and their ends on the way back, as bytes: fields in
 * the order in which `core/raft/message.ts` and `core/raft/membership.ts` declare them.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { Member } from "../raft/configuration.ts";
import type { NodeId } from "../raft/ids.ts";
import type { MembershipChange, MembershipRefusal, NewMember } from "../raft/membership.ts";
import type { Order, OrderEnd, TransferRefusal } from "../raft/message.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { readConfiguration, writeConfiguration } from "./configuration_codec.ts";
import {
  readLogIndex,
  readNodeId,
  readNodeIdOrNull,
  readTerm,
  writeNodeIdOrNull,
} from "./ids_codec.ts";
import { PROPOSAL_FAILURES } from "./proposal_failures.ts";
import { Tags } from "./tags.ts";

/** Writes an order. */
export function writeOrder(writer: ByteWriter, order: Order): void {
  writer.u8(ORDERS.tagOf(order.kind));
  switch (order.kind) {
    case "change_membership":
      writeChange(writer, order.change);
      writer.flag(order.expectedIndex !== null);
      if (order.expectedIndex !== null) writer.varint(order.expectedIndex);
      return;
    case "transfer_leadership":
      return writeNodeIdOrNull(writer, order.target);
    default:
      return unreachable(order);
  }
}

/**
 * Reads an order.
 *
 * @throws {DecodeError} if there is none
 */
export function readOrder(reader: ByteReader): Order {
  const kind = ORDERS.nameOf(reader.u8()) ?? reader.fail("Order is unknown");
  switch (kind) {
    case "change_membership": {
      const change = readChange(reader);
      return { kind, change, expectedIndex: reader.flag() ? reader.varint() : null };
    }
    case "transfer_leadership":
      return { kind, target: readNodeIdOrNull(reader) };
    default:
      return unreachable(kind);
  }
}

/** Writes the end of an order. */
export function writeOrderEnd(writer: ByteWriter, end: OrderEnd): void {
  writer.u8(ENDS.tagOf(end.kind));
  switch (end.kind) {
    case "membership_changed":
      writer.varint(end.index);
      return writeConfiguration(writer, end.configuration);
    case "membership_refused":
      return writer.u8(MEMBERSHIP_REFUSALS.tagOf(end.reason));
    case "leadership_transferred":
      writer.text(end.leaderId);
      return writer.varint(end.term);
    case "transfer_refused":
      return writer.u8(TRANSFER_REFUSALS.tagOf(end.reason));
    case "failed":
      return writer.u8(PROPOSAL_FAILURES.tagOf(end.reason));
    default:
      return unreachable(end);
  }
}

/**
 * Reads the end of an order.
 *
 * @throws {DecodeError} if there is none
 */
export function readOrderEnd(reader: ByteReader): OrderEnd {
  const kind = ENDS.nameOf(reader.u8()) ?? reader.fail("End is unknown");
  const reasonOf = <Reason extends string>(tags: Tags<Reason>) =>
    tags.nameOf(reader.u8()) ?? reader.fail("Reason is unknown");
  switch (kind) {
    case "membership_changed":
      return { kind, index: readLogIndex(reader), configuration: readConfiguration(reader) };
    case "membership_refused":
      return { kind, reason: reasonOf(MEMBERSHIP_REFUSALS) };
    case "leadership_transferred":
      return { kind, leaderId: readNodeId(reader), term: readTerm(reader) };
    case "transfer_refused":
      return { kind, reason: reasonOf(TRANSFER_REFUSALS) };
    case "failed":
      return { kind, reason: reasonOf(PROPOSAL_FAILURES) };
    default:
      return unreachable(kind);
  }
}

function writeChange(writer: ByteWriter, { add, remove, promote, move }: MembershipChange): void {
  writer.varint(add.length);
  for (const { id, url, votes, replaces } of add) {
    writer.text(id);
    writer.text(url);
    writer.flag(votes);
    writeNodeIdOrNull(writer, replaces);
  }
  for (const ids of [remove, promote]) {
    writer.varint(ids.length);
    for (const id of ids) writer.text(id);
  }
  writer.varint(move.length);
  for (const { id, url } of move) {
    writer.text(id);
    writer.text(url);
  }
}

function readChange(reader: ByteReader): MembershipChange {
  const add = readList(reader, (): NewMember => ({
    id: readNodeId(reader),
    url: reader.text(),
    votes: reader.flag(),
    replaces: readNodeIdOrNull(reader),
  }));
  const remove = readList(reader, (): NodeId => readNodeId(reader));
  const promote = readList(reader, (): NodeId => readNodeId(reader));
  const move = readList(reader, (): Member => ({ id: readNodeId(reader), url: reader.text() }));
  return { add, remove, promote, move };
}

function readList<T>(reader: ByteReader, readOne: () => T): readonly T[] {
  const list: T[] = [];
  for (let left = reader.count(1); left > 0; left--) list.push(readOne());
  return list;
}

const ORDERS = new Tags<Order["kind"]>({ change_membership: 1, transfer_leadership: 2 });

const ENDS = new Tags<OrderEnd["kind"]>({
  membership_changed: 1,
  membership_refused: 2,
  leadership_transferred: 3,
  transfer_refused: 4,
  failed: 5,
});

const MEMBERSHIP_REFUSALS = new Tags<MembershipRefusal>({
  change_in_progress: 1,
  configuration_changed: 2,
  already_member: 3,
  unknown_member: 4,
  not_a_learner: 5,
  not_caught_up: 6,
  no_voter_left: 7,
  nothing_to_change: 8,
  voters_unreachable: 9,
});

const TRANSFER_REFUSALS = new Tags<TransferRefusal>({
  unknown_member: 1,
  not_a_voter: 2,
  no_heir: 3,
  not_taken_over: 4,
});
