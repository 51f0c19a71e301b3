/**
 * Operations in one line each, for people.
 *
 * @module
 */

import type {
  Branches,
  Command,
  CommandResult,
  Compare,
  Key,
  KeyRange,
  KvRecord,
  Operation as Step,
  OperationResult,
} from "@raftkv/core/kv";
import { keyAfter } from "@raftkv/core/kv";
import { isRepeated, type KvAnswer, type KvOperation, type KvRequest } from "./kv_operation.ts";

/** One operation: who, when, what, and what came of it. */
export function describeOperation(operation: KvOperation): string {
  const { id, client, invoked, ended, request } = operation;
  const end = ended === null ? "…" : `${round(ended.timeMs)}`;
  const time = `[${round(invoked.timeMs)}..${end} ms]`;
  return `#${id} ${client} ${time} ${describeRequest(request)} -> ${describeOutcome(operation)}`;
}

/** What was asked for. */
export function describeRequest(request: KvRequest): string {
  if (request.kind !== "read") return `${describeCommand(request)}${describeName(request)}`;
  const { revision, isLinearizable, limit } = request;
  const at = revision === null ? "" : ` at revision ${revision}`;
  const isWhole = limit === Infinity || request.end === keyAfter(request.start);
  const most = isWhole ? "" : ` first ${limit} of`;
  return `${isLinearizable ? "read" : "stale read"}${most} ${describeRange(request)}${at}`;
}

/** How it ended. */
export function describeOutcome({ outcome }: KvOperation): string {
  switch (outcome.kind) {
    case "failed":
      return "not carried out";
    case "unknown":
      return "unknown";
    case "answered":
      return describeAnswer(outcome.answer);
  }
}

/** What a command's answer says. */
export function describeResult(result: CommandResult): string {
  return `${describeFirst(result)}${isRepeated(result) ? " (replayed)" : ""}`;
}

function describeFirst(result: CommandResult): string {
  switch (result.kind) {
    case "committed": {
      const { revision, succeeded, results } = result;
      return `revision ${revision}${succeeded ? "" : " else"}: ${
        results.map(describeStepResult).join(", ")
      }`;
    }
    case "refused":
      return `refused: ${result.reason}`;
    case "session_opened":
      return `session ${result.session}`;
    case "compacted":
      return `compacted to ${result.compactRevision}`;
    case "maintained":
      return `maintained at revision ${result.revision}`;
    case "lease_granted":
    case "lease_renewed":
      return `${result.kind} ${result.lease} for ${result.ttlMs} ms`;
    case "lease_revoked":
      return `lease_revoked ${result.lease} with ${result.deleted} keys`;
  }
}

function describeAnswer(answer: KvAnswer): string {
  if (answer.kind === "applied") return describeResult(answer.result);
  const records = answer.records.map(describeRecord);
  const by = answer.proof === undefined ? "" : ` by ${answer.proof}`;
  const shown = records.length === 0 ? "nothing" : records.join(", ");
  return `revision ${answer.revision}${by}: ${shown}`;
}

function describeName(command: Command): string {
  const once = "once" in command ? command.once : undefined;
  if (once === undefined) return "";
  return "session" in once
    ? ` (session ${once.session}/${once.sequence})`
    : ` (key ${once.idempotencyKey})`;
}

function describeCommand(command: Command): string {
  switch (command.kind) {
    case "commit":
      return describeBranches(command);
    case "open_session":
      return "open session";
    case "compact":
      return `compact to ${command.revision}`;
    case "maintain":
      return `maintain, compact to ${command.compactRevision}`;
    case "lease_grant":
      return `grant lease ${command.lease} for ${command.ttlMs} ms`;
    case "lease_keep_alive":
      return `renew lease ${command.lease}`;
    case "lease_revoke":
      return `revoke lease ${command.lease}`;
  }
}

function describeBranches({ compares = [], operations, otherwise = [] }: Branches): string {
  const steps = operations.map(describeStep).join(", ") || "nothing";
  if (compares.length === 0) return steps;
  const rest = otherwise.length === 0 ? "" : ` else ${otherwise.map(describeStep).join(", ")}`;
  return `if ${compares.map(describeCompare).join(" and ")} then ${steps}${rest}`;
}

function describeCompare(compare: Compare): string {
  const { target, relation } = compare;
  const operand = compare.target === "value" ? describeValue(compare.operand) : compare.operand;
  return `${target} of ${describeRange(compare)} ${relation} ${operand}`;
}

function describeStep(step: Step): string {
  switch (step.kind) {
    case "put": {
      const lease = step.lease === undefined ? "" : ` with lease ${step.lease}`;
      const ttl = step.ttlMs === undefined ? "" : ` for ${step.ttlMs} ms`;
      return `put ${show(step.key)} = ${describeValue(step.value)}${lease}${ttl}`;
    }
    case "delete":
    case "get":
      return `${step.kind} ${show(step.key)}`;
    case "increment":
      return `add ${step.delta} to ${show(step.key)}`;
    case "delete_range":
    case "range":
      return `${step.kind === "range" ? "range" : "delete"} ${describeRange(step)}`;
    case "commit":
      return `(${describeBranches(step)})`;
  }
}

function describeStepResult(result: OperationResult): string {
  switch (result.kind) {
    case "put":
      return `version ${result.version}`;
    case "increment":
      return `${result.value} (version ${result.version})`;
    case "delete":
      return `${result.deleted} deleted`;
    case "get":
      return result.record === null ? "nothing" : describeRecord(result.record);
    case "range":
      return `[${result.records.map(describeRecord).join(", ")}] of ${result.count}`;
    case "commit":
      return `(${result.succeeded ? "" : "else "}${
        result.results.map(describeStepResult).join(", ")
      })`;
  }
}

function describeRecord({ key, value, modRevision, version }: KvRecord): string {
  return `${show(key)} = ${describeValue(value)} (revision ${modRevision}, version ${version})`;
}

function describeRange({ start, end }: KeyRange): string {
  if (end === keyAfter(start)) return show(start);
  return `[${show(start)}, ${end === null ? "end" : show(end)})`;
}

/** A value; of a long one its beginning and its length. */
function describeValue(value: Uint8Array): string {
  const shown = String.fromCharCode(...value.subarray(0, SHOWN_BYTES_MAX));
  const rest = value.length > SHOWN_BYTES_MAX ? `… (${value.length} bytes)` : "";
  return `${show(shown as Key)}${rest}`;
}

function show(key: Key): string {
  return JSON.stringify(key);
}

function round(timeMs: number): number {
  return Math.round(timeMs * 10) / 10;
}

const SHOWN_BYTES_MAX = 24;
