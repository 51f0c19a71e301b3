/**
 * The schemas of answers. They validate nothing at run time: a test holds every answer to them.
 *
 * @module
 */

import * as z from "zod";

const count = z.int().min(0);
const revision = z.int().min(0).meta({
  description: "The store's revision that the answer reflects.",
});
const id = z.string();
const json = z.unknown().meta({ description: "Any JSON." });
const lease = z.string().regex(/^[1-9]\d*$/).meta({ description: "The id of a lease." });

/** Where a written key stands. */
const WRITTEN = {
  createRevision: count.meta({
    description: "The revision at which the key last came into being.",
  }),
  modRevision: count.meta({ description: "The revision of its last change." }),
  version: count.meta({
    description: "How many times it was written since it came into being; 1 when new.",
  }),
};

const KEY_VALUE = {
  key: z.string(),
  value: json,
  encoding: z.literal("base64").optional().meta({
    description: "Present if the value is neither text nor JSON but bytes, shown in base64.",
  }),
  ...WRITTEN,
  lease: lease.optional(),
};

const keyValue = z.strictObject(KEY_VALUE).meta({
  id: "KeyValue",
  description: "A key with its value and history.",
});

const listed = z.strictObject({ ...KEY_VALUE, value: json.optional() }).meta({
  id: "ListedKeyValue",
  description: "A key of a list; without its value if only keys were asked for.",
});

const prevKv = keyValue.nullable().optional().meta({
  description: "What was there before; only if asked for.",
});
const prevKvs = z.array(keyValue).optional().meta({
  description: "What was there before; only if asked for.",
});

const written = { ...WRITTEN, lease: lease.optional(), prevKv };

const response: z.ZodType = z.lazy(() =>
  z.strictObject({
    get: z.strictObject({ kv: keyValue.nullable() }).optional(),
    put: z.strictObject(written).optional(),
    delete: z.strictObject({ deleted: count, prevKvs }).optional(),
    range: z.strictObject({ items: z.array(listed), count, more: z.boolean() }).optional(),
    increment: z.strictObject({ value: z.string(), ...WRITTEN }).optional(),
    txn: z.strictObject({ succeeded: z.boolean(), responses: z.array(response) }).optional(),
  }).meta({
    id: "OperationResponse",
    description: "What became of one operation of a transaction, under the operation's name.",
    override: { minProperties: 1, maxProperties: 1 },
  })
);

const nodeStatus = z.strictObject({
  id,
  url: z.string(),
  reachable: z.boolean().meta({ description: "Whether it answered in time." }),
  role: z.string().optional(),
  term: count.optional(),
  leaderId: id.nullable().optional(),
  lastIndex: count.optional(),
  commitIndex: count.optional(),
  appliedIndex: count.optional(),
  snapshotIndex: count.optional(),
  revision: count.optional(),
}).meta({ id: "NodeStatus", description: "A member, and how it is." });

const member = z.looseObject({ id, url: z.string() }).meta({
  id: "Member",
  description: "A member and its role.",
});

const members = z.strictObject({
  clusterId: id,
  leaderId: id.nullable(),
  index: count.meta({ description: "Where the configuration stands in the log." }),
  joint: z.boolean().meta({ description: "Whether a change is under way." }),
  committed: z.boolean(),
  members: z.array(member),
});

const leader = z.strictObject({ id, url: z.string(), term: count });
const leaseLives = z.strictObject({
  lease,
  ttl: z.number().meta({ description: "Seconds that it lives without renewal." }),
  revision,
});

/** The answer of each operation, by its name. */
export const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  get: z.strictObject({ ...KEY_VALUE, revision }),
  put: z.strictObject({ key: z.string(), ...written, revision }),
  delete: z.strictObject({ key: z.string(), deleted: count, prevKv, revision }),
  deleteRange: z.strictObject({ deleted: count, prevKvs, revision }),
  increment: z.strictObject({
    key: z.string(),
    value: z.string().meta({ description: "The result, as a text: it may take all 64 bits." }),
    ...WRITTEN,
    revision,
  }),
  txn: z.strictObject({ succeeded: z.boolean(), responses: z.array(response), revision }),
  list: z.strictObject({ items: z.array(listed), cursor: z.string().nullable(), revision }),
  range: z.union([
    z.strictObject({ items: z.array(listed), cursor: z.string().nullable(), revision }),
    z.strictObject({ count, revision }),
  ]),
  openSession: z.strictObject({ session: z.string(), revision }),
  compact: z.strictObject({ compactRevision: count, revision }),
  leaseGrant: leaseLives,
  leaseKeepAlive: leaseLives,
  leaseRevoke: z.strictObject({ lease, deleted: count, revision }),
  leaseTimeToLive: z.strictObject({
    lease,
    ttl: z.number().meta({ description: "Seconds that are left." }),
    grantedTtl: z.number(),
    keys: z.array(z.string()),
    revision,
  }),
  leases: z.strictObject({ leases: z.array(lease), more: z.boolean(), revision }),
  status: z.strictObject({
    clusterId: id,
    nodeId: id,
    leaderId: id.nullable(),
    term: count,
    nodes: z.array(nodeStatus),
  }),
  leader,
  moveLeader: leader,
  members,
  changeMembers: members,
  health: z.strictObject({
    status: z.enum(["ok", "unavailable"]),
    nodeId: id,
    role: z.string(),
    leaderId: id.nullable(),
    reason: z.string().optional(),
  }),
};
