/**
 * The OpenAPI document as a page of the site, in the Markdown that the site is made of.
 *
 * @module
 */

import type {
  MediaType,
  OpenApiDocument,
  OperationObject,
  Schema,
} from "../../server/openapi/document.ts";
import { typeText } from "../../server/openapi/type_text.ts";

/** Makes the page; the document itself is to stand beside it at `/openapi.json`. */
export function openApiPage(document: OpenApiDocument): string {
  const { tags, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  const sections = tags.flatMap(({ name }) => [
    `## ${name}`,
    ...operations.filter(({ operation }) => operation.tags.includes(name)).flatMap(operationLines),
  ]);
  const types = Object.entries(components.schemas).flatMap(([name, schema]) => [
    `### ${name}`,
    prose(schema.description),
    typeBlock(schema),
  ]);
  return [
    "# Every route and type",
    "Made from the schemas that requests are read with. The same for programs: " +
    `<a href="/openapi.json" target="_blank">openapi.json</a>, which every node serves, too. ` +
    "What the routes have in common stands in [The HTTP interface](../docs/HTTP.md).",
    ...sections,
    "## Types",
    ...types,
    "",
  ].join("\n\n");
}

function operationLines({ path, method, operation }: {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}): readonly string[] {
  const { summary, parameters, requestBody, responses } = operation;
  const answers = Object.entries(responses).filter(([status]) => Number(status) < 400)
    .flatMap(([status, { description, content = {} }]) => [
      `**Answer ${status}**${description === "Done." ? "" : `: ${prose(description)}`}`,
      ...Object.entries(content).map(contentText),
    ]);
  return [
    `### \`${method.toUpperCase()} ${path}\``,
    prose(summary),
    ...parameters.length === 0 ? [] : ["**Parameters**", parameterList(operation)],
    ...requestBody === undefined
      ? []
      : ["**Body**", ...Object.entries(requestBody.content).map(contentText)],
    ...answers,
    `**Failures**: ${operation["x-failures"].map((code) => `\`${code}\``).join(", ")}`,
  ];
}

/** A list, since the columns of a table are too many for a phone. */
function parameterList({ parameters }: OperationObject): string {
  return parameters.map(({ name, in: place, required, description, schema }) => {
    const form = `<code v-pre>${typeText(schema, { linkTo })}</code>`;
    return `- \`${name}\`${required ? "" : "?"} in the ${place}, ${form}. ${prose(description)}`;
  }).join("\n");
}

function contentText([type, { schema }]: readonly [string, MediaType]): string {
  if (type === "application/json") return typeBlock(schema);
  return `\`${type}\` ${prose(schema.description)}`;
}

/** As the site shows code, with links. */
function typeBlock(schema: Schema): string {
  // An empty line would end the HTML and begin a paragraph.
  const text = typeText(schema, { linkTo }).replaceAll(/\n\n+/g, "\n");
  return `<div class="language-ts"><pre v-pre><code style="white-space: pre-wrap">${text}</code></pre></div>`;
}

function linkTo(name: string): string {
  return `<a href="#${name.toLowerCase()}">${name}</a>`;
}

/** A text that may have code in backticks; what is around it is no HTML. */
function prose(text: unknown): string {
  if (typeof text !== "string") return "";
  return text.replaceAll(/`[^`]*`|</g, (found) => found === "<" ? "&lt;" : found);
}
