/**
 * JSON that came in. What a double or an object of the language would not give back as it was written
 * is kept as the text it came as.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { memberText, nestsDeeperThan } from "./json_text.ts";

/** A number that a double would not give back as it was written. */
export class ExactNumber {
  /** Its text. */
  readonly source: string;

  /** Takes the text of a number. */
  constructor(source: string) {
    this.source = source;
  }
}

/** A value as the text it came as, without the white space between its tokens. */
export class JsonText {
  /** The text. */
  readonly source: string;

  /** Takes a text that is JSON. */
  constructor(source: string) {
    this.source = source;
  }
}

/** How much of a JSON body's text must survive the parser. */
export type Exactness =
  /** Nothing: its numbers are small. */
  | "none"
  /** The text of the member `value`, to the last character. */
  | "value"
  /** Every digit of every number. */
  | "numbers";

/** The fields of an object. */
export type JsonFields = Record<string, unknown>;

/** How deep arrays and objects of a body may lie in each other. */
export const BODY_DEPTH_MAX = 200;

/**
 * Reads the text of an object.
 *
 * @throws {KvFailure} `invalid_json`; `invalid_body` if it is no object, or nests too deep
 */
export function parseFields(text: string, exact: Exactness): JsonFields {
  return withExact(fieldsOf(parseJson(text)), () => text, exact);
}

/**
 * Reads JSON.
 *
 * @throws {KvFailure} `invalid_json`, or `invalid_body` if it nests too deep to be looked at
 */
export function parseJson(text: string): unknown {
  // Before the parser, which would build a million nested arrays first.
  if (nestsDeeperThan(text, BODY_DEPTH_MAX)) {
    throw new KvFailure("invalid_body", `The body nests deeper than ${BODY_DEPTH_MAX} levels.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new KvFailure("invalid_json");
  }
}

/**
 * The fields of an object.
 *
 * @throws {KvFailure} `invalid_body` if it is none
 */
export function fieldsOf(value: unknown): JsonFields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonFields;
  }
  throw new KvFailure("invalid_body", "The body is not an object.");
}

/**
 * The fields, with that of them exact which has to be.
 *
 * @param textOf The text that the fields were read from; most need no second look at it.
 */
export function withExact(
  fields: JsonFields,
  textOf: () => string,
  exact: Exactness,
): JsonFields {
  switch (exact) {
    case "none":
      return fields;
    case "numbers":
      return JSON.parse(textOf(), keepDigits);
    case "value":
      if (mustKeepText(fields.value)) {
        fields.value = new JsonText(memberText(textOf(), "value") ?? "null");
      }
      return fields;
  }
}

/**
 * The text of a value without white space; null if it nests deeper than `depthMax`.
 *
 * @param value With its numbers exact.
 */
export function exactJsonOf(value: unknown, depthMax: number): string | null {
  if (value instanceof ExactNumber) return value.source;
  if (value instanceof JsonText) {
    return nestsDeeperThan(value.source, depthMax) ? null : value.source;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depthMax === 0) return null;
  const isList = Array.isArray(value);
  const parts: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const text = exactJsonOf(member, depthMax - 1);
    if (text === null) return null;
    parts.push(isList ? text : `${JSON.stringify(name)}:${text}`);
  }
  return isList ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}

/** Half a surrogate pair is legal in JSON but not in UTF-8: it survives as the escape it came as. */
function mustKeepText(value: unknown): boolean {
  return typeof value === "string" ? !value.isWellFormed() : value !== undefined;
}

function keepDigits(
  _name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  const source = context?.source;
  const isExact = typeof value !== "number" || source === undefined || String(value) === source;
  return isExact ? value : new ExactNumber(source);
}
