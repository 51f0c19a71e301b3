/**
 * Commands of the state machine as plain JSON, whatever kinds of them there are: a dump must be able
 * to show what a later release will add.
 *
 * @module
 */

import { bytesOf } from "@raftkv/core/codec";

/** JSON, as it is made here. */
export type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };

/**
 * A decoded command as JSON. Byte strings (keys) become text; bytes become text, or base64 in an
 * object if they are not UTF-8.
 */
export function plainOf(value: unknown): Plain {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return textOfByteString(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return plainOfBytes(value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== "object") return null;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, plainOf(field)]));
}

/** Names and words of the program are ASCII, so reading them as bytes changes nothing. */
function textOfByteString(text: string): Plain {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0xff) return text;
  }
  return plainOfBytes(bytesOf(text));
}

function plainOfBytes(bytes: Uint8Array): Plain {
  try {
    return decoder.decode(bytes);
  } catch {
    return { base64: bytes.toBase64() };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
