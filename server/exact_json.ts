/**
 * JSON whose numbers keep every digit: what a double cannot hold is kept as the text it came as.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { compactMember } from "./json_text.ts";

/** A number that a double would not give back as it was written. */
export class ExactNumber {
  /** Its text. */
  readonly source: string;

  /** Takes the text of a number. */
  constructor(source: string) {
    this.source = source;
  }
}

/** How deep arrays and objects of a body may lie in each other. */
const BODY_DEPTH_MAX = 200;

/**
 * Reads JSON.
 *
 * @throws {KvFailure} `invalid_json`, or `invalid_body` if it nests too deep to be looked at
 */
export function parseExactJson(text: string): unknown {
  // Before the parser, which would build a million nested arrays first.
  if (compactMember(text, BODY_DEPTH_MAX) === null) {
    throw new KvFailure("invalid_body", `The body nests deeper than ${BODY_DEPTH_MAX} levels.`);
  }
  try {
    return JSON.parse(text, keepDigits);
  } catch {
    throw new KvFailure("invalid_json");
  }
}

/**
 * The text of a value without white space; null if it nests deeper than `depthMax`.
 *
 * @param value From {@linkcode parseExactJson}.
 */
export function exactJsonOf(value: unknown, depthMax: number): string | null {
  if (value instanceof ExactNumber) return value.source;
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

function keepDigits(
  _name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  const source = context?.source;
  const isExact = typeof value !== "number" || source === undefined || String(value) === source;
  return isExact ? value : new ExactNumber(source);
}
