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
import { fieldsOf, type JsonFields, JsonInput, SLICE_UNITS } from "./json_input.ts";
import { type Carried, carryOut } from "./operations/ask.ts";
import type { Form, Operation } from "./operations/operation.ts";
import { parseQuery } from "./query.ts";
import { reply } from "./reply.ts";
import { readBodyBytes, readBodyText } from "./request_body.ts";
import { targetOf } from "./request_target.ts";
import type { Handler } from "./routes.ts";

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
export function replyCarried(port: KvPort, { result, served }: Carried): Response {
  const { json, revision, modRevision, replayed } = result;
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
  const { places, flags, groups } = form;
  const fields: JsonFields = {};
  const known = {
    has: (name: string) => places.get(name) === "query",
    names: () => Object.keys(groups.query),
  };
  parseQuery(query, known, (name, value) => {
    const isFlag = flags.has(name) && (value === "true" || value === "false");
    fields[name] = isFlag ? value === "true" : value;
  });
  Object.assign(fields, pathFields(path));
  for (const [name, header] of form.headers) {
    const value = request.headers.get(header);
    if (value !== null) fields[name] = value;
  }
  if (form.hasBody) Object.assign(fields, await bodyFields(request, form));
  return fields;
}

async function bodyFields(request: Request, form: Form): Promise<JsonFields> {
  const isBytes = form.takesBytes && mediaTypeOf(request) === "application/octet-stream";
  if (isBytes) return { value: await readBodyBytes(request) };
  const fields = fieldsOf(await readJson(await readBodyText(request), form));
  for (const name of Object.keys(fields)) {
    if (form.places.get(name) === "body") continue;
    const unknown = JSON.stringify(name.slice(0, 40));
    throw new KvFailure("invalid_body", `The body has a field that is unknown: ${unknown}.`);
  }
  return fields;
}

/** What a text says; one that is longer than a slice is made use of in a turn of its own. */
async function readJson(text: string, { failures }: Form): Promise<unknown> {
  const input = new JsonInput(text);
  while (!input.readSlice()) {
    input.demandWhole(input.result, failures);
    await setImmediate();
  }
  input.demandWhole(input.result, failures);
  if (text.length > SLICE_UNITS) await setImmediate();
  return input.result;
}

/** Whoever does not say that it sends bytes sends JSON, whatever it says. */
function mediaTypeOf(request: Request): string | undefined {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}

function nothing(): JsonFields {
  return {};
}
