/**
 * What clients ask of the store, as it stands in the log.
 *
 * ```text
 * version u8 = 1, kind u8, once (once.ts), then
 *   1 commit           branches (operation.ts)
 *   2 open_session
 *   3 compact          revision varint
 *   4 maintain         revision varint
 *   5 lease_grant      lease varint or 0, ttlMs varint
 *   6 lease_keep_alive lease varint
 *   7 lease_revoke     lease varint
 * ```
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import { ByteSlab } from "../codec/byte_slab.ts";
import { ByteWriter } from "../codec/byte_writer.ts";
import { Tags } from "../codec/tags.ts";
import { LIMITS } from "../limits.ts";
import { type OnceRef, readOnce, writeOnce } from "./once.ts";
import { type CommitFault, commitFault } from "./commit_rules.ts";
import type { Branches } from "./operation.ts";
import { readBranches, writeBranches } from "./operation_codec.ts";

/** Anything that may be asked of the store through the log. */
export type Command =
  | CommitCommand
  | OpenSessionCommand
  | CompactCommand
  | MaintainCommand
  | LeaseCommand;

/** What every command has. */
export interface Nameable {
  /** Under which name to remember the answer; without one, a repetition acts again. */
  readonly once?: OnceRef;
}

/** Carries out one branch of operations as one: all at one revision, or none. */
export interface CommitCommand extends Branches, Nameable {
  /** Tells it from other commands. */
  readonly kind: "commit";
}

/** Begins a session, within which a command takes effect once however often it is sent. */
export interface OpenSessionCommand {
  /** Tells it from other commands. */
  readonly kind: "open_session";
}

/** Makes what lies before a revision unreadable. */
export interface CompactCommand extends Nameable {
  /** Tells it from other commands. */
  readonly kind: "compact";
  /** The first revision that stays readable: past the last compaction, at most the present one. */
  readonly revision: number;
}

/** What a leader proposes by itself: time passes, and what is due by it is done. */
export interface MaintainCommand {
  /** Tells it from other commands. */
  readonly kind: "maintain";
  /** To be compacted to, unless that was done; 0 for no compaction. */
  readonly compactRevision: number;
}

/** Anything asked about one lease. */
export type LeaseCommand = LeaseGrantCommand | LeaseKeepAliveCommand | LeaseRevokeCommand;

/** Makes a lease. */
export interface LeaseGrantCommand extends Nameable {
  /** Tells it from other commands. */
  readonly kind: "lease_grant";
  /** The id it is to have; 0 for one that no lease has. */
  readonly lease: number;
  /** How long it lives without renewal, in milliseconds. */
  readonly ttlMs: number;
}

/** Lets a lease live for its whole time from now. */
export interface LeaseKeepAliveCommand extends Nameable {
  /** Tells it from other commands. */
  readonly kind: "lease_keep_alive";
  /** Its id. */
  readonly lease: number;
}

/** Ends a lease and its keys. */
export interface LeaseRevokeCommand extends Nameable {
  /** Tells it from other commands. */
  readonly kind: "lease_revoke";
  /** Its id. */
  readonly lease: number;
}

/** The bytes of a command. Limits are the caller's to keep: {@linkcode decodeCommand} checks them. */
export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter(payloads.reserve(sizeBytesExpected(command)));
  writer.u8(VERSION);
  writer.u8(KINDS.tagOf(command.kind));
  writeOnce(writer, onceOf(command));
  switch (command.kind) {
    case "commit":
      writeBranches(writer, command);
      break;
    case "open_session":
      break;
    case "compact":
      writer.varint(command.revision);
      break;
    case "maintain":
      writer.varint(command.compactRevision);
      break;
    case "lease_grant":
      writer.varint(command.lease);
      writer.varint(command.ttlMs);
      break;
    case "lease_keep_alive":
    case "lease_revoke":
      writer.varint(command.lease);
      break;
    default:
      unreachable(command);
  }
  return payloads.keep(writer.finish());
}

/** Commands lie in the log one behind the other, and leave it together. */
const payloads = new ByteSlab();

/**
 * The command that `bytes` hold; values are views of them.
 *
 * @throws {DecodeError} if they hold none, it passes a limit, or names a key twice
 */
export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== VERSION) reader.fail("Command is of an unknown version");
  const command = readCommand(reader);
  reader.end();
  return command;
}

function readCommand(reader: ByteReader): Command {
  const kind = KINDS.nameOf(reader.u8()) ?? reader.fail("Command is of an unknown kind");
  const name = readOnce(reader);
  const isNameable = kind !== "open_session" && kind !== "maintain";
  if (!isNameable && name.once !== undefined) reader.fail("Command cannot have a name");
  switch (kind) {
    case "commit": {
      const branches = readCommit(reader);
      return name.once === undefined ? { kind, ...branches } : { kind, ...name, ...branches };
    }
    case "open_session":
      return { kind };
    case "compact":
      return { kind, ...name, revision: reader.varint() };
    case "maintain":
      return { kind, compactRevision: reader.varint() };
    case "lease_grant":
      return { kind, ...name, lease: reader.varint(), ttlMs: readTtlMs(reader) };
    case "lease_keep_alive":
    case "lease_revoke":
      return { kind, ...name, lease: reader.varint() };
    default:
      return unreachable(kind);
  }
}

function readCommit(reader: ByteReader): Branches {
  const branches = readBranches(reader);
  const fault = commitFault(branches);
  if (fault !== null) reader.fail(FAULTS[fault]);
  return branches;
}

/** The name of a command; some have none. */
export function onceOf(command: Command): OnceRef | undefined {
  return "once" in command ? command.once : undefined;
}

function readTtlMs(reader: ByteReader): number {
  const ttlMs = reader.varint();
  if (ttlMs < 1 || ttlMs > LIMITS.leaseTtlMsMax) reader.fail("Time to live is out of bounds");
  return ttlMs;
}

function sizeBytesExpected(command: Command): number {
  let size = HEADER_BYTES;
  if (command.kind !== "commit") return size;
  for (const operation of command.operations) {
    size += OPERATION_HEADER_BYTES;
    if (operation.kind === "put") size += operation.key.length + operation.value.length;
  }
  return size;
}

const VERSION = 1;
const KINDS: Tags<Command["kind"]> = new Tags({
  commit: 1,
  open_session: 2,
  compact: 3,
  maintain: 4,
  lease_grant: 5,
  lease_keep_alive: 6,
  lease_revoke: 7,
});
const FAULTS: Readonly<Record<CommitFault, string>> = {
  too_many_operations: "Commit has too many operations",
  nested_too_deep: "Commit is nested too deep",
  duplicate_key: "Commit names a key twice",
};
const HEADER_BYTES = 24;
const OPERATION_HEADER_BYTES = 16;
