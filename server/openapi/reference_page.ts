/**
 * The OpenAPI document as a page to read: one file without scripts, fonts or anything else from
 * elsewhere, in light and dark, on paper-wide screens and on phones.
 *
 * @module
 */

import type { MediaType, OpenApiDocument, OperationObject, Schema } from "./document.ts";
import { typeText } from "./type_text.ts";

/** Makes the page. */
export function referencePage(document: OpenApiDocument): string {
  const { info, tags, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  const sections = tags.map(({ name }) => {
    const ofTag = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2 id="${slug(name)}">${escape(name)}</h2>${ofTag.map(operationHtml).join("")}`;
  });
  const links = tags.map(({ name }) => `<a href="#${slug(name)}">${escape(name)}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(info.title)} reference</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(info.title)} <small>${escape(info.version)}</small></h1>
<p>${prose(info.description)} <a href="/openapi.json">OpenAPI document</a></p>
<nav>${links.join("")}<a href="#types">Types</a><a href="#failures">Failures</a></nav>
</header>
<main>
${sections.join("\n")}
<h2 id="types">Types</h2>
${Object.entries(components.schemas).map(typeHtml).join("\n")}
<h2 id="failures">Failures</h2>
${failuresHtml(document)}
</main>
</body>
</html>
`;
}

interface Placed {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}

function operationHtml({ path, method, operation }: Placed): string {
  const { operationId, summary, parameters, requestBody, responses } = operation;
  const rows = parameters.map(({ name, in: place, required, description = "", schema }) => [
    `<code>${escape(name)}</code>${required ? "" : "?"}`,
    escape(place),
    code(schema),
    prose(description),
  ]);
  const body = requestBody === undefined ? "" : contentHtml("Body", requestBody.content);
  const answers = Object.entries(responses).filter(([status]) => Number(status) < 400)
    .map(([status, { description, content = {} }]) =>
      contentHtml(`${status}`, content, description === "Done." ? "" : description)
    );
  const failures = operation["x-failures"].map((failure) =>
    `<a href="#${failure}"><code>${failure}</code></a>`
  );
  return `<article id="${operationId}">
<h3><span class="method ${method}">${method}</span> <code>${escape(path)}</code></h3>
<p>${prose(summary)}</p>
${rows.length === 0 ? "" : table(["Parameter", "In", "Form", "Meaning"], rows)}
${body}${answers.join("")}
<p class="failures">Fails with ${failures.join(" ")}</p>
</article>`;
}

function contentHtml(
  title: string,
  content: Readonly<Record<string, MediaType>>,
  description = "",
): string {
  const forms = Object.entries(content).map(([type, { schema }]) => {
    const isJson = type === "application/json";
    const head = isJson ? "" : `<code>${escape(type)}</code> `;
    return isJson
      ? `<pre>${typeText(schema, { linkTo })}</pre>`
      : `<p>${head}${prose(String(schema.description ?? ""))}</p>`;
  });
  return `<section><h4>${escape(title)}</h4>${
    description === "" ? "" : `<p>${prose(description)}</p>`
  }${forms.join("")}</section>`;
}

function typeHtml([name, schema]: readonly [string, Schema]): string {
  const description = typeof schema.description === "string" ? prose(schema.description) : "";
  return `<article id="${name}"><h3><code>${escape(name)}</code></h3><p>${description}</p>` +
    `<pre>${typeText(schema, { linkTo })}</pre></article>`;
}

function failuresHtml({ "x-failures": failures }: OpenApiDocument): string {
  const rows = Object.entries(failures).map(([name, row]) => [
    `<code id="${name}">${name}</code>`,
    `${row.status}`,
    row.retryable ? "yes" : "no",
    `<code>${row.outcome}</code>`,
    prose(row.meaning),
  ]);
  return table(["Code", "Status", "Retryable", "Outcome", "Meaning"], rows);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th>${text}</th>`).join("");
  const body = rows.map((cells) =>
    `<tr>${cells.map((cell, at) => `<td data-head="${heads[at]}">${cell}</td>`).join("")}</tr>`
  );
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function code(schema: Schema): string {
  return `<code>${typeText(schema, { linkTo })}</code>`;
}

function linkTo(name: string): string {
  return `<a href="#${name}">${escape(name)}</a>`;
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(" ", "-");
}

/** Text with code in backticks. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fcfcfd; --soft: #f0f1f3;
  --line: #d9dce1; --quiet: #60646c; --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef0; --paper: #111214; --soft: #1d1f23;
  --line: #33373d; --quiet: #a5abb5; --link: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
header, main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { margin: 1rem 0 0; } h1 small { color: var(--quiet); font-weight: normal; font-size: 1rem; }
h2 { margin: 3rem 0 1rem; } h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 .25rem; color: var(--quiet); font-size: .85rem; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; padding: .75rem 0;
  border-bottom: 1px solid var(--line); }
article { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 0 0 1rem; }
article:target, code:target { outline: 2px solid var(--link); }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border-radius: 6px; padding: .75rem; margin: .25rem 0;
  overflow-x: auto; }
.method { display: inline-block; min-width: 4.2em; text-align: center; border-radius: 4px;
  padding: .1em .4em; background: var(--soft); font: 600 .75rem/1.6 ui-monospace, monospace;
  text-transform: uppercase; }
.get { background: #d5eaff; color: #0a3a66; } .put { background: #fde9c8; color: #5c3a00; }
.post { background: #d6f3dc; color: #0d4a20; } .delete { background: #fddcdc; color: #6b1414; }
.failures { color: var(--quiet); font-size: .9rem; margin-bottom: 0; }
table { width: 100%; border-collapse: collapse; margin: .5rem 0; font-size: .92rem; }
th { text-align: left; color: var(--quiet); font-weight: 500; }
th, td { padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
td:first-child, td:nth-child(2) { white-space: nowrap; }
@media (max-width: 40rem) {
  thead { display: none; } tr { display: block; padding: .5rem 0;
    border-bottom: 1px solid var(--line); }
  td { display: block; border: 0; padding: .1rem 0; white-space: normal !important; }
  td:not(:first-child)::before { content: attr(data-head) ": "; color: var(--quiet);
    font-size: .8rem; }
}`;
