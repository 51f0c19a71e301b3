/**
 * Query parameters, read strictly: one that is unknown or given twice is refused, since a misspelt
 * `?consistency=` that is passed over gives answers nobody asked for.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";

/**
 * Reads a raw query, and calls back for each parameter, decoded.
 *
 * @param known Whether the route understands a name; `names` lists them for people.
 * @throws {KvFailure} `invalid_argument`
 */
export function parseQuery(
  raw: string,
  known: { readonly has: (name: string) => boolean; readonly names: () => readonly string[] },
  onParameter: (name: string, value: string) => void,
): void {
  if (raw === "") return;
  const seen = new Set<string>();
  for (const pair of raw.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (!known.has(name)) {
      const names = known.names().join(", ") || "none";
      throw invalid(`Query parameters here are ${names}, not ${quote(name)}.`);
    }
    if (seen.has(name)) throw invalid(`The query parameter ${name} is there twice.`);
    seen.add(name);
    onParameter(name, equals < 0 ? "" : decode(pair.slice(equals + 1)));
  }
}

/** Query strings write a space as `+`, paths do not. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalid("The query is not percent-encoded UTF-8.");
  }
}

function invalid(message: string): KvFailure {
  return new KvFailure("invalid_argument", message);
}

/** Shows what was sent, but no more of it than a person would read. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
