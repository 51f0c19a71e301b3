/**
 * The door of HTTP: the fields of an operation are gathered from path, query, headers and body, and
 * its answer becomes a response.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { KvFailure } from "@raftkv/core/api";
import { REPLAYED } from "./failures.ts";
import type { KvPort } from "./kv_port.ts";
import { fieldsOf, type JsonFields, JsonInput } from "./json_input.ts";
import { type Carried, carryOut } from "./operations/ask.ts";
import type { Form, Operation } from "./operations/operation.ts";
import { parseQuery } from "./query.ts";
import { reply } from "./reply.ts";
import { readBodyBytes, textOfBody } from "./request_body.ts";
import { targetOf } from "./request_target.ts";
import type { Handler } from "./routes.ts";
import { written } from "./sliced_text.ts";

/**
 * What a path says, as it stands there.
 *
 * @throws {KvFailure} if it cannot be read
 */
export type PathFields = (path: string) => JsonFields;

/** Answers requests for an operation. */
export function answering(
  port: KvPort,
  operation: Operation,
  pathFields: PathFields = nothing,
): Handler {
  return async (request) => {
    const fields = await requestFields(request, operation, pathFields);
    return replyCarried(port, await carryOut(port, operation.begin(fields)));
  };
}

/** The response of an answer. */
export function replyCarried(port: KvPort, carried: Carried): Response | Promise<Response> {
  const { json } = carried.result;
  if (typeof json === "string") return replyWritten(port, json, carried);
  return written(json).then((text) => replyWritten(port, text, carried));
}

function replyWritten(port: KvPort, json: string, { result, served }: Carried): Response {
  const { revision, modRevision, replayed } = result;
  const headers = {
    ...(replayed === true ? REPLAYED : {}),
    ...(modRevision === undefined ? {} : { etag: etagOf(modRevision) }),
  };
  const reflected = revision === undefined ? {} : { revision };
  return reply(port, json, { ...reflected, served, headers });
}

/** The revision of a key's last change, as an entity tag. */
export function etagOf(modRevision: number): string {
  return `"${modRevision}"`;
}

/**
 * The fields of a request, as they came.
 *
 * @throws {KvFailure} if one is unknown or there twice, or the whole cannot be read
 */
export async function requestFields(
  request: Request,
  form: Form,
  pathFields: PathFields = nothing,
): Promise<JsonFields> {
  const { path, query } = targetOf(request.url);
  const fields: JsonFields = {};
  if (query !== "") addQueryFields(fields, query, form);
  Object.assign(fields, pathFields(path));
  for (const [name, header] of form.headers) {
    const value = request.headers.get(header);
    if (value !== null) fields[name] = value;
  }
  if (!form.hasBody) return fields;
  const bytes = await readBodyBytes(request);
  if (form.takesBytes && mediaTypeOf(request) === "application/octet-stream") {
    fields.value = bytes;
    return fields;
  }
  const input = new JsonInput(textOfBody(bytes));
  if (!isRead(input, form)) await readOn(input, form);
  return addBodyFields(fields, input.result, form);
}

function addQueryFields(fields: JsonFields, query: string, { places, flags, groups }: Form): void {
  const known = {
    has: (name: string) => places.get(name) === "query",
    names: () => Object.keys(groups.query),
  };
  parseQuery(query, known, (name, value) => {
    const isFlag = flags.has(name) && (value === "true" || value === "false");
    fields[name] = isFlag ? value === "true" : value;
  });
}

function addBodyFields(fields: JsonFields, body: unknown, { places }: Form): JsonFields {
  const given = fieldsOf(body);
  for (const name of Object.keys(given)) {
    if (places.get(name) === "body") continue;
    const unknown = JSON.stringify(name.slice(0, 40));
    throw new KvFailure("invalid_body", `The body has a field that is unknown: ${unknown}.`);
  }
  return Object.assign(fields, given);
}

/** Reads a slice; whether that was the last. */
function isRead(input: JsonInput, { failures }: Form): boolean {
  const isLast = input.readSlice();
  input.demandWhole(input.result, failures);
  return isLast;
}

/** Reads what is longer than a slice, which is then made use of in a turn of its own. */
async function readOn(input: JsonInput, form: Form): Promise<void> {
  do await setImmediate(); while (!isRead(input, form));
  await setImmediate();
}

/** Whoever does not say that it sends bytes sends JSON, whatever it says. */
function mediaTypeOf(request: Request): string | undefined {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}

function nothing(): JsonFields {
  return {};
}
