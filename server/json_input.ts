/**
 * JSON that came in. What a double or an object of the language would not give back as it was written
 * is kept as the text it came as.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { parseExactly } from "./exact_parser.ts";
import { ExactNumber, JsonText } from "./exact_values.ts";
import { memberText, nestsDeeperThan } from "./json_text.ts";

/** How much of a JSON body's text must survive the parser. */
export type Exactness =
  /** Nothing: its numbers are small. */
  | "none"
  /** The text of the member `value`, to the last character. */
  | "value"
  /** Every digit of every number, and the texts of members called `value`. */
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
      return fieldsOf(parseExactly(textOf()));
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
 * @param value A scalar, or what was kept as its text.
 */
export function exactJsonOf(value: unknown, depthMax: number): string | null {
  if (value instanceof ExactNumber) return value.source;
  if (!(value instanceof JsonText)) return JSON.stringify(value);
  return nestsDeeperThan(value.source, depthMax) ? null : value.source;
}

/** Half a surrogate pair is legal in JSON but not in UTF-8: it survives as the escape it came as. */
function mustKeepText(value: unknown): boolean {
  return typeof value === "string" ? !value.isWellFormed() : value !== undefined;
}
