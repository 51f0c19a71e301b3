/**
 * JSON that came in, read by slices: a body of the largest size, whatever is in it, holds up nobody
 * for longer than one of them takes.
 *
 * @module
 */

import { type FailureCode, KvFailure } from "@raftkv/core/api";
import { JsonBuilder, REQUEST_PARTS_MAX } from "./json_builder.ts";
import { JsonReader } from "./json_reader.ts";

/** Characters of a slice, but for the rest of its last number: two milliseconds at the worst. */
export const SLICE_UNITS = 131_072;

/** The fields of an object. */
export type JsonFields = Record<string, unknown>;

/** A text on its way to what it says. */
export class JsonInput {
  readonly #builder: JsonBuilder;
  readonly #reader: JsonReader;

  /** Takes the text. */
  constructor(text: string) {
    this.#builder = new JsonBuilder(text);
    this.#reader = new JsonReader(text, this.#builder);
  }

  /**
   * Reads one slice.
   *
   * @returns Whether it was the last.
   * @throws {KvFailure} `invalid_json`, or `invalid_body` if it nests too deep
   */
  readSlice(): boolean {
    return this.#reader.read(SLICE_UNITS);
  }

  /** What it says: complete after the last slice. */
  get result(): unknown {
    return this.#builder.result;
  }

  /**
   * Demands that a request is all there: of one with too many parts the rest was never made.
   *
   * @param request The result, or one of its elements.
   * @param failures How what is asked for can fail.
   * @throws {KvFailure} `too_many_operations` if that is one of them, else `invalid_body`
   */
  demandWhole(request: unknown, failures: readonly FailureCode[]): void {
    if (!this.#builder.cut.has(request)) return;
    if (failures.includes("too_many_operations")) throw new KvFailure("too_many_operations");
    const reason = `The body has more than ${REQUEST_PARTS_MAX} fields and elements.`;
    throw new KvFailure("invalid_body", reason);
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
