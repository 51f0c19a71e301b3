/**
 * Everything that changes keys. Each operation is a reading of the one commit.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import type { Committed, Key, Operation as KvOperation, PutResult } from "@raftkv/core/kv";
import * as z from "zod";
import { keyJson, leaseField } from "../answers.ts";
import { storedValueOf } from "../stored_value.ts";
import { begun } from "../sliced_text.ts";
import { deletedAnswer, prevKvField, txnAnswer, writtenFields } from "../txn_answers.ts";
import { CALL, choice, flag, key, leaseId, ttlSeconds } from "./fields.ts";
import { commitAsk, CONDITIONS, onlyResult, RANGE, rangeOf, writeAsk } from "./keys.ts";
import { leaseChoice } from "./lease_choice.ts";
import { idempotencyKey, lastingAnswer, ONCE_FAILURES, onceOf } from "./once.ts";
import { operation } from "./operation.ts";
import { INCREMENT, incrementOf, TXN } from "./txn.ts";

const prevKv = flag.optional().meta({ description: "Whether to answer with what was there." });

/** Gives a key a value. */
export const put = operation({
  name: "put",
  summary: "Gives a key a value.",
  path: { key },
  query: {
    prevKv,
    lease: leaseId.optional().meta({ description: "The lease that the key ends with." }),
    ttl: ttlSeconds.optional().meta({ description: "After how many seconds the key ends." }),
    ...CALL,
  },
  header: { ...CONDITIONS, idempotencyKey },
  body: {
    value: z.unknown().meta({ description: "Any JSON; bytes as base64, with `encoding`." }),
    encoding: choice(["base64"]).optional(),
  },
  takesBytes: true,
  failures: [
    "invalid_json",
    "invalid_body",
    "invalid_key",
    ...ONCE_FAILURES,
    "body_too_large",
    "value_too_large",
    "precondition_failed",
    "lease_not_found",
    "lease_full",
  ],
  ask: (request) => {
    const stored = storedValueOf(request.value, { isBase64: request.encoding !== undefined });
    if ("rule" in stored) {
      throw new KvFailure(stored.code ?? "invalid_body", `The field value ${stored.rule}.`);
    }
    const lease = leaseChoice(request);
    if (lease === null) {
      throw new KvFailure("invalid_argument", "A key has a lease or a ttl, not both.");
    }
    const operation: KvOperation & { key: Key } = {
      kind: "put",
      key: request.key,
      ...stored,
      ...lease,
      ...prevKvOf(request),
    };
    return writeAsk({ ...request, operation }, (committed) => {
      const result = onlyResult(committed, "put");
      return { ...putAnswer(committed, result, request.key), modRevision: result.modRevision };
    });
  },
});

function putAnswer(committed: Committed, result: PutResult, of: Key) {
  const json = `{"key":${keyJson(of)},${writtenFields(result)}${leaseField(result.lease)}` +
    `${prevKvField(result.prevKv)},"revision":${committed.revision}}`;
  return lastingAnswer(committed, json);
}

/** Takes a key out. */
export const remove = operation({
  name: "delete",
  summary: "Takes a key out, if it is there.",
  path: { key },
  query: { prevKv, ...CALL },
  header: { ...CONDITIONS, idempotencyKey },
  failures: ["invalid_key", ...ONCE_FAILURES, "precondition_failed"],
  ask: (request) => {
    const operation = { kind: "delete", key: request.key, ...prevKvOf(request) } as const;
    return writeAsk({ ...request, operation }, (committed) => {
      const { deleted, prevKvs } = onlyResult(committed, "delete");
      const before = prevKvs === undefined ? undefined : prevKvs[0] ?? null;
      const json = `{"key":${keyJson(request.key)},"deleted":${deleted}${prevKvField(before)},` +
        `"revision":${committed.revision}}`;
      return lastingAnswer(committed, json);
    });
  },
});

/** Takes every key of a range out. */
export const deleteRange = operation({
  name: "deleteRange",
  summary: "Takes every key of a range out, at one revision.",
  query: { ...RANGE, prevKv, ...CALL },
  header: { idempotencyKey },
  failures: [...ONCE_FAILURES, "range_too_large"],
  ask: (request) => {
    const { prefix, start, end } = request;
    if (prefix === undefined && start === undefined && end === undefined) {
      throw new KvFailure("invalid_argument", "To delete every key, name an empty prefix.");
    }
    const operation: KvOperation = {
      kind: "delete_range",
      ...rangeOf(request),
      ...prevKvOf(request),
    };
    const command = { kind: "commit", ...onceOf(request), operations: [operation] } as const;
    return commitAsk(command, request, (committed) => {
      const result = onlyResult(committed, "delete");
      return lastingAnswer(committed, begun(deletedAnswer(result, committed.revision)));
    });
  },
});

/** Adds to a key. */
export const increment = operation({
  name: "increment",
  summary: "Adds to a 64-bit integer kept as JSON; a key that is not there counts as 0.",
  query: CALL,
  header: { idempotencyKey },
  body: INCREMENT,
  failures: [
    "invalid_json",
    "invalid_body",
    "invalid_key",
    ...ONCE_FAILURES,
    "body_too_large",
    "not_an_integer",
    "out_of_range",
  ],
  ask: (request) => {
    const operation = incrementOf(request);
    if (operation === null) {
      throw new KvFailure("invalid_body", "The field min is not greater than max.");
    }
    return writeAsk({ ...request, operation }, (committed) => {
      const result = onlyResult(committed, "increment");
      const json = `{"key":${keyJson(request.key)},"value":"${result.value}",` +
        `${writtenFields(result)},"revision":${committed.revision}}`;
      return lastingAnswer(committed, json);
    });
  },
});

/** Carries out a transaction. */
export const txn = operation({
  name: "txn",
  summary:
    "Carries out `success` if all of `compare` hold, else `failure`: at one revision, wholly " +
    "or not at all.",
  query: CALL,
  header: { idempotencyKey },
  body: TXN,
  failures: [
    "invalid_json",
    "invalid_body",
    "invalid_key",
    ...ONCE_FAILURES,
    "body_too_large",
    "value_too_large",
    "too_many_operations",
    "duplicate_key",
    "range_too_large",
    "not_an_integer",
    "out_of_range",
    "lease_not_found",
    "lease_full",
  ],
  ask: (request) => {
    const { compare = [], success = [], failure = [] } = request;
    const branches = { compares: compare, operations: success, otherwise: failure };
    const command = { kind: "commit", ...onceOf(request), ...branches } as const;
    return commitAsk(
      command,
      request,
      (committed) => lastingAnswer(committed, begun(txnAnswer(committed))),
    );
  },
});

function prevKvOf(request: { readonly prevKv?: boolean | undefined }): { readonly prevKv?: true } {
  return request.prevKv === true ? { prevKv: true } : {};
}
