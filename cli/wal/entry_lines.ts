/**
 * Entries of the log as JSON and as one line for people.
 *
 * @module
 */

import { decodeConfiguration, DecodeError } from "@raftkv/core/codec";
import { decodeCommand } from "@raftkv/core/kv";
import type { Entry } from "@raftkv/core/raft";
import { printable } from "../printable.ts";
import { type Plain, plainOf } from "./plain.ts";

/** What an entry carries, decoded; bytes that no release wrote are shown as they are. */
export function contentOf({ kind, payload }: Entry): Plain {
  if (kind === "noop") return null;
  try {
    return plainOf(kind === "command" ? decodeCommand(payload) : decodeConfiguration(payload));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { undecodable: error.reason, base64: payload.toBase64() };
  }
}

/** An entry as one line. */
export function describeEntry(entry: Entry): string {
  const { index, term, kind, timeMs } = entry;
  const content = kind === "noop" ? "" : ` ${describeContent(contentOf(entry))}`;
  return `entry ${index}  term ${term}  ${new Date(timeMs).toISOString()}  ${kind}${content}`;
}

const VALUE_CHARACTERS_MAX = 60;

/** Nested content in one line: the names of fields in front of all but the first. */
function describeContent(content: Plain): string {
  if (typeof content === "string") return quote(content);
  if (content === null || typeof content !== "object") return String(content);
  if (Array.isArray(content)) return `[${content.map(describeContent).join("; ")}]`;
  const { kind, ...fields } = content;
  const rest = Object.entries(fields).map(([name, field]) => `${name}=${describeField(field)}`);
  return [...(typeof kind === "string" ? [kind] : []), ...rest].join(" ");
}

function describeField(field: Plain): string {
  const isNested = field !== null && typeof field === "object" && !Array.isArray(field);
  return isNested ? `{${describeContent(field)}}` : describeContent(field);
}

function quote(text: string): string {
  if (/^[\w./:@-]{1,60}$/.test(text)) return text;
  const start = printable(JSON.stringify(text.slice(0, VALUE_CHARACTERS_MAX)));
  return text.length <= VALUE_CHARACTERS_MAX ? start : `${start}… (${text.length} characters)`;
}
