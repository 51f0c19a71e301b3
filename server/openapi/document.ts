/**
 * The OpenAPI 3.1 document, made of the schemas that requests are read with, of those that answers are
 * tested with, and of the failure table.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { type FailureCode, FAILURES } from "@raftkv/core/api";
import * as z from "zod";
import { type Form, headerName } from "../operations/operation.ts";
import { ANSWERS } from "./answers.ts";
import { type DocumentedRoute, ROUTES } from "./routes.ts";

/** A JSON schema, as the document has it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** A parameter of a route. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

/** What comes in a body. */
export interface MediaType {
  readonly schema: Schema;
}

/** What a request may be answered with. */
export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Schema>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** One method of one path. */
export interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly required: true;
    readonly content: Readonly<Record<string, MediaType>>;
  };
  readonly responses: Readonly<Record<string, ResponseObject>>;
  /** The codes of all failures that the route may answer with. */
  readonly "x-failures": readonly FailureCode[];
}

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: "3.1.1";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly headers: Readonly<Record<string, Schema>>;
  };
  /** The failure table. */
  readonly "x-failures": typeof FAILURES;
}

/** Makes the document, a route in each turn of the event loop. */
export async function openApiDocument(): Promise<OpenApiDocument> {
  const schemas: Record<string, Schema> = { Failure: failureSchema() };
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const route of ROUTES) {
    const methods = paths[route.path] ??= {};
    methods[route.method] = operationObject(route, schemas);
    await setImmediate();
  }
  const tags = [...new Set(ROUTES.map(({ tag }) => tag))].map((name) => ({ name }));
  return {
    openapi: "3.1.1",
    info: { title: "RaftKV", version: VERSION, description: DESCRIPTION },
    servers: [{ url: "/" }],
    tags,
    paths,
    components: { schemas, headers: HEADERS },
    "x-failures": FAILURES,
  };
}

/** The codes of all failures that a route may answer with. */
export function failuresOf(route: DocumentedRoute): readonly FailureCode[] {
  const { form, asksCluster, method } = route;
  const own = new Set<FailureCode>(form.failures);
  if (method !== "get") own.add("forbidden_origin");
  own.add("invalid_argument");
  own.add("internal");
  if (asksCluster) { for (const code of OF_THE_CLUSTER) own.add(code); }
  const table = Object.keys(FAILURES) as FailureCode[];
  return table.filter((code) => own.has(code));
}

/** What can befall whatever asks the cluster. */
export const OF_THE_CLUSTER: readonly FailureCode[] = [
  "overloaded",
  "no_leader",
  "leadership_lost",
  "timeout",
  "stopping",
  "storage_full",
];

function operationObject(
  route: DocumentedRoute,
  schemas: Record<string, Schema>,
): OperationObject {
  const { form, tag } = route;
  const isFirst = tag === "First routes" && form.name !== "list";
  const name = `${form.name[0]?.toUpperCase()}${form.name.slice(1)}`;
  const hasBody = Object.keys(form.groups.body).length > 0;
  return {
    operationId: isFirst ? `first${name}` : form.name,
    tags: [tag],
    summary: form.summary,
    parameters: parametersOf(route, schemas),
    ...(hasBody ? { requestBody: requestBodyOf(form, schemas) } : {}),
    responses: { ...successesOf(route, schemas), ...failureResponses(failuresOf(route)) },
    "x-failures": failuresOf(route),
  };
}

function parametersOf(route: DocumentedRoute, schemas: Record<string, Schema>): Parameter[] {
  const parameters: Parameter[] = [];
  for (const place of ["path", "query", "header"] as const) {
    for (const [field, zod] of Object.entries(route.form.groups[place])) {
      const { description, ...whole } = schemaOf(zod, schemas);
      const schema = asText(whole, place);
      parameters.push({
        name: place === "header" ? headerName(field) : field,
        in: place,
        required: place === "path",
        ...(typeof description === "string" ? { description } : {}),
        schema,
      });
    }
  }
  for (const [name, description] of Object.entries(route.headers ?? {})) {
    parameters.push({ name, in: "header", required: false, description, schema: TEXT });
  }
  // OpenAPI leaves Accept to the media types of the answers.
  return parameters.filter(({ name }) => name !== "Accept");
}

/**
 * A schema that also has forms which JSON alone can have, without those: outside of bodies a whole
 * number is written as one, and an entity tag in quotes.
 */
function asText(schema: Schema, place: "path" | "query" | "header"): Schema {
  const forms = schema.anyOf as readonly Schema[] | undefined;
  if (forms === undefined) return schema;
  const isInteger = ({ type }: Schema) => type === "integer";
  if (place !== "header") return forms.find(isInteger) ?? schema;
  return { ...schema, anyOf: forms.filter((form) => !isInteger(form)) };
}

function requestBodyOf(form: Form, schemas: Record<string, Schema>) {
  const schema = schemaOf(z.strictObject(form.groups.body), schemas);
  const bytes = { "application/octet-stream": { schema: {} } };
  const content = {
    "application/json": { schema },
    ...(form.takesBytes ? bytes : {}),
  };
  return { required: true, content } as const;
}

function successesOf(
  route: DocumentedRoute,
  schemas: Record<string, Schema>,
): Record<string, ResponseObject> {
  const { form, media = {}, statuses = {} } = route;
  const answer = ANSWERS[form.name];
  const content: Record<string, MediaType> = {};
  const json = answer === undefined ? null : { schema: schemaOf(answer, schemas) };
  if (json !== null && route.isNeverJson !== true) content["application/json"] = json;
  for (const [type, description] of Object.entries(media)) {
    content[type] = { schema: { description } };
  }
  const successes: Record<string, ResponseObject> = {
    200: { description: "Done.", headers: HEADER_REFS, content },
  };
  for (const [status, meaning] of Object.entries(statuses)) {
    const body = status === "304" || json === null ? {} : { content: { "application/json": json } };
    successes[status] = { description: meaning, headers: HEADER_REFS, ...body };
  }
  return successes;
}

function failureResponses(codes: readonly FailureCode[]): Record<string, ResponseObject> {
  const byStatus = Map.groupBy(codes, (code) => FAILURES[code].status);
  const responses: Record<string, ResponseObject> = {};
  for (const [status, ofStatus] of byStatus) {
    const description = ofStatus.map((code) => `\`${code}\`: ${FAILURES[code].meaning}`).join(
      "\n\n",
    );
    const code = { type: "object", properties: { code: { enum: ofStatus } } };
    const schema = {
      allOf: [{ $ref: "#/components/schemas/Failure" }, {
        type: "object",
        properties: { error: code },
      }],
    };
    responses[status] = { description, content: { "application/json": { schema } } };
  }
  return responses;
}

function failureSchema(): Schema {
  const error = z.looseObject({
    code: z.enum(Object.keys(FAILURES)).meta({ description: "What programs look at." }),
    message: z.string().meta({ description: "One sentence for people; may change." }),
    retryable: z.boolean().meta({
      description: "Whether the same request, sent again later, may succeed.",
    }),
    outcome: z.enum(["not_applied", "unknown"]).meta({
      description: "What became of the write, if it was one.",
    }),
    compactRevision: z.int().optional().meta({
      description: "With `compacted`: the first revision that can still be read.",
    }),
  });
  return schemaOf(z.looseObject({ error }), {});
}

/**
 * A schema as the document has it: what is accepted, not what it is turned into.
 *
 * @param schemas Where those with a name of their own go.
 */
function schemaOf(zod: z.ZodType, schemas: Record<string, Schema>): Schema {
  const { $schema: _, $defs = {}, ...schema } = z.toJSONSchema(zod, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      const { override, ...rest } = jsonSchema as Record<string, unknown>;
      delete (jsonSchema as Record<string, unknown>).override;
      delete jsonSchema.id;
      if (typeof override === "object") Object.assign(jsonSchema, rest, override);
    },
  }) as Record<string, unknown>;
  const definitions = Object.entries($defs as Record<string, Schema>);
  const aliases = new Map(
    definitions.flatMap(([name, { $ref }]) =>
      typeof $ref === "string" ? [[`#/$defs/${name}`, $ref]] : []
    ),
  );
  for (const [name, definition] of definitions) {
    if (!aliases.has(`#/$defs/${name}`)) schemas[name] ??= placed(definition, aliases) as Schema;
  }
  return placed(schema, aliases) as Schema;
}

/**
 * The same, with references into the document.
 *
 * @param aliases References that only lead to another.
 */
function placed(node: unknown, aliases: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(node)) return node.map((each) => placed(each, aliases));
  if (typeof node !== "object" || node === null) return node;
  const members = Object.entries(node).map(([name, value]) => [
    name,
    name === "$ref" && typeof value === "string"
      ? (aliases.get(value) ?? value).replace("#/$defs/", "#/components/schemas/")
      : placed(value, aliases),
  ]);
  return Object.fromEntries(members);
}

const TEXT: Schema = { type: "string" };

const HEADERS: Readonly<Record<string, Schema>> = {
  "RaftKV-Node": { description: "Id of the node that answers.", schema: TEXT },
  "RaftKV-Leader": { description: "Id of the leader it follows; absent if none.", schema: TEXT },
  "RaftKV-Term": { description: "Its term.", schema: TEXT },
  "RaftKV-Revision": { description: "The revision that the answer reflects.", schema: TEXT },
};

const HEADER_REFS: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.keys(HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

const VERSION = "0.1.0";

const DESCRIPTION = "A strongly consistent, replicated key-value store. Every node serves every " +
  "request. Failures carry a stable `code`, whether it is `retryable`, and the `outcome` of the " +
  "write. The same operations, and watches, are at `/v1/ws` over a WebSocket.";
