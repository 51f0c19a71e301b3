/**
 * What goes into the site: which documents, in which order, and what becomes of their links.
 *
 * @module
 */

import { openApiDocument } from "../../server/openapi/document.ts";
import { cliPage } from "./cli_page.ts";
import { openApiPage } from "./openapi_page.ts";

/** A group of the sidebar. */
export interface Group {
  readonly text: string;
  /** Paths of documents from the root of the repository, and of those made for the site. */
  readonly pages: readonly string[];
}

/** Documents made from the code, by the paths that they have in the site. */
export const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  "generated/openapi.md": async () => openApiPage(await openApiDocument()),
  "generated/cli.md": cliPage,
};

/** All pages, in the order of the sidebar. */
export const GROUPS: readonly Group[] = [
  {
    text: "Begin",
    pages: ["docs/index.md", "docs/guarantees.md", "docs/not-good-for.md", "docs/features.md"],
  },
  {
    text: "Guides",
    pages: [
      "docs/guides/configuration.md",
      "docs/guides/lock.md",
      "docs/guides/election.md",
      "docs/guides/services.md",
      "docs/guides/embedding.md",
      "docs/guides/state-machine.md",
      "docs/operations.md",
    ],
  },
  {
    text: "Reference",
    pages: [
      "docs/HTTP.md",
      "generated/openapi.md",
      "docs/WEBSOCKET.md",
      "generated/cli.md",
      "CHANGELOG.md",
    ],
  },
  {
    text: "How it works",
    pages: [
      "ARCHITECTURE.md",
      "docs/SPEC.md",
      "docs/DIVERGENCE.md",
      "transport/PROTOCOL.md",
      "storage/FORMAT.md",
    ],
  },
  {
    text: "How we know",
    pages: [
      "docs/simulator.md",
      "docs/storage-proof.md",
      "docs/known-bugs.md",
      "bench/README.md",
    ],
  },
];

/** The heading of a document. */
export function titleOf(markdown: string): string {
  return /^# (.+)$/m.exec(markdown)?.[1] ?? "Untitled";
}

/**
 * A document as the site shows it: a link to a file that is no page of the site is left as its text,
 * since it would lead nowhere there.
 *
 * @param path Where the document stands in the repository.
 */
export function pageOf(path: string, markdown: string): string {
  const pages = new Set(GROUPS.flatMap((group) => group.pages));
  return markdown.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (link, text: string, target: string) => {
    if (/^(?:[a-z]+:|#)/.test(target)) return link;
    const [file = ""] = target.split("#");
    const resolved = new URL(file, `file:///${path}`).pathname.slice(1);
    return pages.has(resolved) ? link : text;
  });
}
