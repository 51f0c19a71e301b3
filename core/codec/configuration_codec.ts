/**
 * A cluster configuration as bytes: the payload of configuration entries, and a part of each
 * snapshot's description.
 *
 * ```text
 * version u8 = 1
 * count   varint
 * member  id text, url text, roles u8, [replaces text], [incarnation text]    count times
 *         roles: 1 voter, 2 outgoing voter, 4 learner, 8 to vote once caught up,
 *         16 and then in the place of `replaces`, 32 known by its `incarnation`
 * ```
 *
 * Roles stand beside the member they belong to, so that bytes cannot name a voter that is nobody.
 *
 * @module
 */

import type { Configuration, Member, VoterCandidate } from "../raft/configuration.ts";
import type { NodeId } from "../raft/ids.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { readNodeId } from "./ids_codec.ts";

/**
 * The bytes of a configuration.
 *
 * @throws {RangeError} if members are not in strict order of their ids, or a role belongs to nobody
 */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter(256);
  writeConfiguration(writer, configuration);
  return writer.finish();
}

/**
 * The configuration that `bytes` hold, with its role lists in order of ids.
 *
 * @throws {DecodeError} if they hold none
 */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const reader = new ByteReader(bytes);
  const configuration = readConfiguration(reader);
  reader.end();
  return configuration;
}

/** Writes what {@linkcode readConfiguration} reads. */
export function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  const { members, voters, votersOutgoing, learners, candidates } = configuration;
  checkEncodable(configuration);
  writer.u8(VERSION);
  writer.varint(members.length);
  for (const { id, url, incarnation } of members) {
    writer.text(id);
    writer.text(url);
    const candidate = candidates.find((each) => each.id === id);
    const replaces = candidate?.replaces ?? null;
    writer.u8(
      (voters.includes(id) ? VOTER : 0) | (votersOutgoing.includes(id) ? OUTGOING : 0) |
        (learners.includes(id) ? LEARNER : 0) | (candidate === undefined ? 0 : CANDIDATE) |
        (replaces === null ? 0 : REPLACES) | (incarnation === undefined ? 0 : MET),
    );
    if (replaces !== null) writer.text(replaces);
    if (incarnation !== undefined) writer.text(incarnation);
  }
}

/**
 * Reads a configuration.
 *
 * @throws {DecodeError} if there is none
 */
export function readConfiguration(reader: ByteReader): Configuration {
  if (reader.u8() !== VERSION) reader.fail("Configuration is of an unknown version");
  const members: Member[] = [];
  const voters: NodeId[] = [];
  const votersOutgoing: NodeId[] = [];
  const learners: NodeId[] = [];
  const candidates: VoterCandidate[] = [];
  let previous = "";
  for (let left = reader.count(MEMBER_BYTES_MIN); left > 0; left--) {
    const id = readNodeId(reader);
    if (id <= previous) reader.fail("Members are not in order of their ids");
    previous = id;
    const url = reader.text();
    const roles = reader.u8();
    checkRoles(roles, reader);
    const holds = (role: number) => (roles & role) !== 0;
    if (holds(VOTER)) voters.push(id);
    if (holds(OUTGOING)) votersOutgoing.push(id);
    if (holds(LEARNER)) learners.push(id);
    const replaces = holds(REPLACES) ? readNodeId(reader) : null;
    if (holds(CANDIDATE)) candidates.push({ id, replaces });
    members.push(holds(MET) ? { id, url, incarnation: reader.text() } : { id, url });
  }
  return { members, voters, votersOutgoing, learners, candidates };
}

function checkRoles(roles: number, reader: ByteReader): void {
  const holds = (role: number) => (roles & role) !== 0;
  if (roles >= 2 * MET || (!holds(VOTER) && !holds(OUTGOING) && !holds(LEARNER))) {
    reader.fail("Member has no known role");
  }
  if (holds(VOTER) && holds(LEARNER)) reader.fail("Learner has a vote");
  if (holds(CANDIDATE) && !holds(LEARNER)) reader.fail("Candidate is no learner");
  if (holds(REPLACES) && !holds(CANDIDATE)) reader.fail("Member without a role replaces another");
}

const VERSION = 1;
const VOTER = 1;
const OUTGOING = 2;
const LEARNER = 4;
const CANDIDATE = 8;
const REPLACES = 16;
const MET = 32;
const MEMBER_BYTES_MIN = 4;

function checkEncodable(configuration: Configuration): void {
  const { members, voters, votersOutgoing, learners, candidates } = configuration;
  const known = new Set<NodeId>();
  let previous = "";
  for (const { id } of members) {
    if (id <= previous) throw new RangeError(`Cannot encode members out of order: ${id}`);
    previous = id;
    known.add(id);
  }
  const named = [...voters, ...votersOutgoing, ...learners, ...candidates.map(({ id }) => id)];
  for (const id of named) {
    if (!known.has(id)) throw new RangeError(`Cannot encode a role without its member: ${id}`);
  }
}
