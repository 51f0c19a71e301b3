/**
 * JSON bodies, read strictly: a field that is unknown, missing or of another type is refused with its
 * name, since a misspelt condition that is passed over would let a write through.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { INT64_MAX, INT64_MIN } from "@raftkv/core/kv";
import { ExactNumber } from "./exact_json.ts";

/** The fields of an object, each with the path under which a message names it. */
export class BodyFields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #path: string;

  /**
   * Takes an object.
   *
   * @param known The names that it may have.
   * @throws {KvFailure} `invalid_body` if it is none, or has another field
   */
  constructor(value: unknown, options: { readonly path: string; readonly known: string[] }) {
    const { path, known } = options;
    this.#path = path;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isObject || value instanceof ExactNumber) {
      throw invalid(`${nameOf(path)} is not an object.`);
    }
    this.#fields = new Map(Object.entries(value));
    for (const name of this.#fields.keys()) {
      if (known.includes(name)) continue;
      throw invalid(`${nameOf(path)} has a field that is unknown: ${JSON.stringify(name)}.`);
    }
  }

  /** Whether a field is there. */
  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** The one field that is there of several that exclude each other. */
  only(names: readonly string[]): string {
    const [name, ...others] = names.filter((each) => this.#fields.has(each));
    if (name !== undefined && others.length === 0) return name;
    throw invalid(`${nameOf(this.#path)} has one field of ${names.join(", ")}.`);
  }

  /** The field whatever it is; undefined if it is not there. */
  raw(name: string): unknown {
    return this.#fields.get(name);
  }

  /** Where a field stands, for messages. */
  pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  /** A whole number within bounds, as a number or as the text of one. */
  integer(
    name: string,
    bounds: { readonly min: number; readonly max?: number; readonly fallback?: number },
  ): number {
    const { min, max = Number.MAX_SAFE_INTEGER, fallback } = bounds;
    const given = this.#fields.get(name);
    if (given === undefined && fallback !== undefined) return fallback;
    const value = typeof given === "string" && /^\d{1,16}$/.test(given) ? Number(given) : given;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) {
      return value;
    }
    throw this.invalid(name, `is a whole number from ${min} to ${max}`);
  }

  /** A whole number of 64 bits, as a number or as the text of one; undefined if it is not there. */
  int64(name: string): bigint | undefined {
    const given = this.#fields.get(name);
    if (given === undefined) return undefined;
    const text = given instanceof ExactNumber ? given.source : given;
    const isWhole = typeof text === "string"
      ? /^-?\d{1,19}$/.test(text)
      : Number.isSafeInteger(text);
    const value = isWhole ? BigInt(String(text)) : null;
    if (value !== null && value >= INT64_MIN && value <= INT64_MAX) return value;
    throw this.invalid(name, "is a whole number of 64 bits, as a number or as a text");
  }

  /** A boolean; false if it is not there. */
  flag(name: string): boolean {
    const value = this.#fields.get(name) ?? false;
    if (typeof value === "boolean") return value;
    throw this.invalid(name, "is true or false");
  }

  /** A text; undefined if it is not there. */
  text(name: string): string | undefined {
    const value = this.#fields.get(name);
    if (value === undefined || (typeof value === "string" && value.isWellFormed())) return value;
    throw this.invalid(name, "is a text");
  }

  /** One of several names; the fallback if it is not there. */
  choice<Name extends string>(name: string, choices: readonly Name[], fallback?: Name): Name {
    const value = this.#fields.get(name) ?? fallback;
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw this.invalid(name, `is one of ${choices.join(", ")}`);
  }

  /** A list; empty if it is not there. */
  list(name: string): readonly unknown[] {
    const value = this.#fields.get(name) ?? [];
    if (Array.isArray(value)) return value;
    throw this.invalid(name, "is a list");
  }

  /** What is wrong with a field. */
  invalid(name: string, rule: string): KvFailure {
    return invalid(`The field ${this.pathOf(name)} ${rule}.`);
  }
}

function nameOf(path: string): string {
  return path === "" ? "The body" : `The field ${path}`;
}

function invalid(message: string): KvFailure {
  return new KvFailure("invalid_body", message);
}
