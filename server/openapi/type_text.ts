/**
 * A JSON schema as people write types, in HTML.
 *
 * @module
 */

import type { Schema } from "./document.ts";

/** How types are shown. */
export interface TypeStyle {
  /** Shows the name of a type that stands elsewhere. */
  readonly linkTo: (name: string) => string;
  /** How far the text is indented already; not at all if not given. */
  readonly depth?: number;
}

/** The text of a schema. */
export function typeText(schema: Schema, style: TypeStyle): string {
  const { linkTo } = style;
  const text = (inner: unknown) => typeText(inner as Schema, style);
  const { $ref, const: only, enum: names, anyOf, oneOf, allOf, type, items, pattern } = schema;
  if (typeof $ref === "string") return linkTo($ref.slice($ref.lastIndexOf("/") + 1));
  if (only !== undefined) return quote(only);
  if (Array.isArray(names)) return names.map(quote).join(" | ");
  const union = anyOf ?? oneOf;
  if (Array.isArray(union)) return union.map(text).join(" | ");
  if (Array.isArray(allOf)) return allOf.map(text).join(" &amp; ");
  if (type === "array") return `${text(items)}[]`;
  if (type === "object") return objectText(schema, style);
  if (Array.isArray(type)) return type.join(" | ");
  if (type === "integer") return integerText(schema);
  // A longer one is told in words.
  if (typeof pattern === "string" && pattern.length < 20) return `string /${escape(pattern)}/`;
  return typeof type === "string" ? type : "any JSON";
}

function objectText(schema: Schema, { linkTo, depth = 0 }: TypeStyle): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  const required = new Set((schema.required ?? []) as string[]);
  if (properties.length === 0) return "{}";
  const indent = "  ".repeat(depth + 1);
  const lines = properties.map(([name, property]) => {
    const mark = required.has(name) ? "" : "?";
    return `${indent}${escape(name)}${mark}: ${typeText(property, { linkTo, depth: depth + 1 })}`;
  });
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
}

function integerText({ minimum, maximum }: Schema): string {
  const isBounded = typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER;
  const least = typeof minimum === "number" && minimum > Number.MIN_SAFE_INTEGER ? minimum : null;
  if (least === null) return isBounded ? `integer up to ${maximum}` : "integer";
  if (isBounded) return `integer from ${least} to ${maximum}`;
  return least === 0 ? "integer" : `integer from ${least}`;
}

function quote(value: unknown): string {
  return escape(JSON.stringify(value));
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
