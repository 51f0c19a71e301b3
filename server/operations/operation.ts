/**
 * What can be asked of a node, the same through every door: the schemas of its fields, which say what
 * is accepted and what the OpenAPI document shows, and what the node is to be asked.
 *
 * @module
 */

import { type FailureCode, KvFailure } from "@raftkv/core/api";
import * as z from "zod";
import type { Ask } from "./ask.ts";

/** Where a field travels over HTTP. In a message they all stand beside each other. */
export type Place = "path" | "query" | "header" | "body";

/** Fields by name. */
export type Fields = Readonly<Record<string, z.ZodType>>;

/** The fields of an operation, by where they travel over HTTP. */
export interface FieldGroups {
  /** In the path. */
  readonly path: Fields;
  /** In the query. */
  readonly query: Fields;
  /** In headers: `ifMatch` is `If-Match`. */
  readonly header: Fields;
  /** In the JSON body. */
  readonly body: Fields;
}

/** The fields of a request, and how they are read. */
export interface Form<Request = unknown> {
  /** As which it is asked for in a message. */
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** Its fields. */
  readonly groups: FieldGroups;
  /** Where each of its fields travels over HTTP. */
  readonly places: ReadonlyMap<string, Place>;
  /** Its fields in headers, each with the header's name. */
  readonly headers: readonly (readonly [name: string, header: string])[];
  /** Those of its fields in the query that are `true` or `false`. */
  readonly flags: ReadonlySet<string>;
  /** Whether a body is to be read. */
  readonly hasBody: boolean;
  /** Whether the body may be the bytes of the field `value` instead. */
  readonly takesBytes: boolean;
  /** How it can fail, beside what can befall any request. */
  readonly failures: readonly FailureCode[];

  /**
   * Reads the fields.
   *
   * @throws {KvFailure} if one is missing, unknown, malformed or out of range
   */
  parse(fields: unknown): Request;
}

/** A request that has one answer. */
export interface Operation<Request = unknown> extends Form<Request> {
  /**
   * What is to be asked of the node.
   *
   * @throws {KvFailure} if the fields do not go together
   */
  ask(request: Request): Ask;

  /**
   * The same, of fields as they came.
   *
   * @throws {KvFailure} also as `parse` does
   */
  begin(fields: unknown): Ask;
}

type Output<Shape extends Fields> = z.output<z.ZodObject<Shape, z.core.$strict>>;

/** What is said of a form. */
export interface FormSpec<
  Path extends Fields,
  Query extends Fields,
  Header extends Fields,
  Body extends Fields,
> {
  readonly name: string;
  readonly summary: string;
  readonly path?: Path;
  readonly query?: Query;
  readonly header?: Header;
  readonly body?: Body;
  readonly takesBytes?: true;
  readonly failures?: readonly FailureCode[];
}

/** Makes a form. */
export function form<
  Path extends Fields = None,
  Query extends Fields = None,
  Header extends Fields = None,
  Body extends Fields = None,
>(spec: FormSpec<Path, Query, Header, Body>): Form<Output<Path & Query & Header & Body>> {
  const { name, summary, path = {}, query = {}, header = {}, body = {} } = spec;
  const { takesBytes = false, failures = [] } = spec;
  const derived = derivedFrom({ path, query, header, body });
  // A message's own fields are there, or not, for its door to look at.
  const own = { id: z.unknown().optional(), op: z.unknown().optional() };
  const schema = z.strictObject({ ...own, ...path, ...query, ...header, ...body });
  const parse = (fields: unknown): Output<Path & Query & Header & Body> => {
    const parsed = schema.safeParse(fields);
    if (!parsed.success) throw failureOfIssue(parsed.error.issues[0], derived.places);
    return parsed.data as unknown as Output<Path & Query & Header & Body>;
  };
  return { name, summary, ...derived, takesBytes, failures, parse };
}

/** Makes an operation. */
export function operation<
  Path extends Fields = None,
  Query extends Fields = None,
  Header extends Fields = None,
  Body extends Fields = None,
>(
  spec: FormSpec<Path, Query, Header, Body> & {
    readonly ask: (request: Output<Path & Query & Header & Body>) => Ask;
  },
): Operation<Output<Path & Query & Header & Body>> {
  const { ask } = spec;
  const made = form(spec);
  return { ...made, ask, begin: (fields) => ask(made.parse(fields)) };
}

type None = Record<never, never>;

/** The same operation with some of its fields only, and without failures that come of the others. */
export function only<Request>(
  whole: Operation<Request>,
  names: readonly string[],
  { without }: { readonly without: readonly FailureCode[] },
): Operation<Request> {
  const pick = (fields: Fields): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
  const { path, query, header, body } = whole.groups;
  const groups = { path, query: pick(query), header: pick(header), body: pick(body) };
  const failures = whole.failures.filter((code) => !without.includes(code));
  return { ...whole, ...derivedFrom(groups), failures };
}

/** The same operation with the fields of its path in the query. */
export function byQuery<Request>(whole: Operation<Request>): Operation<Request> {
  const { path, query, header, body } = whole.groups;
  const groups = { path: {}, query: { ...path, ...query }, header, body };
  return { ...whole, name: `${whole.name}ByQuery`, ...derivedFrom(groups) };
}

/** What the doors would otherwise find out with every request. */
function derivedFrom(groups: FieldGroups) {
  return {
    groups,
    places: placesOf(groups),
    headers: Object.keys(groups.header).map((name) =>
      [name, headerName(name).toLowerCase()] as const
    ),
    flags: new Set(Object.keys(groups.query).filter((name) => isFlag(groups.query[name]))),
    hasBody: Object.keys(groups.body).length > 0,
  };
}

/** The header of a field: that of `ifMatch` is `If-Match`. */
export function headerName(field: string): string {
  const name = field.replace(/[A-Z]/g, (letter) => `-${letter}`);
  return `${name[0]?.toUpperCase()}${name.slice(1)}`;
}

function isFlag(schema: z.ZodType | undefined): boolean {
  return schema?.safeParse(true).success === true && !schema.safeParse("true").success;
}

function placesOf(groups: FieldGroups): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const place of ["path", "query", "header", "body"] as const) {
    for (const name of Object.keys(groups[place])) places.set(name, place);
  }
  return places;
}

/** The first thing that is wrong, by its code and with its place in words. */
function failureOfIssue(
  issue: z.core.$ZodIssue | undefined,
  places: ReadonlyMap<string, Place>,
): KvFailure {
  if (issue === undefined) return new KvFailure("invalid_body");
  const [top] = issue.path;
  const place = places.get(String(top)) ?? "body";
  if (issue.code === "unrecognized_keys") {
    const whole = issue.path.length === 0 ? "The request" : `The field ${pathText(issue.path)}`;
    const unknown = quote(String(issue.keys[0]));
    return new KvFailure("invalid_body", `${whole} has a field that is unknown: ${unknown}.`);
  }
  const code = codeOf(issue) ?? CODES[place];
  const what = issue.path.length === 0 ? "The request" : `The ${NOUNS[place]} `;
  const isMissing = issue.code === "invalid_type" && issue.expected === "nonoptional";
  const text = isMissing ? "is missing" : issue.message;
  const where = place === "header" ? headerName(String(top)) : pathText(issue.path);
  return new KvFailure(code, `${what}${where} ${text}.`);
}

/** The code that a rule carries for itself. */
function codeOf(issue: z.core.$ZodIssue): FailureCode | undefined {
  return issue.code === "custom" ? issue.params?.code as FailureCode | undefined : undefined;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((step) => typeof step === "number" ? `[${step}]` : `.${String(step)}`).join("")
    .slice(1);
}

/** Shows what was sent, but no more of it than a person would read. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

const CODES: Readonly<Record<Place, FailureCode>> = {
  path: "invalid_key",
  query: "invalid_argument",
  header: "invalid_argument",
  body: "invalid_body",
};

const NOUNS: Readonly<Record<Place, string>> = {
  path: "parameter",
  query: "parameter",
  header: "header",
  body: "field",
};
