/**
 * Who may import whom. The table is the architecture: a member knows only what stands below it, so
 * the protocol can be tested, simulated and moved without the rooms around it.
 *
 * @module
 */
import { type Member, placeOf } from "./place.ts";

/** What each member may name after `@raftkv/`; an entry admits its sub-paths too. */
const MAY_IMPORT: Readonly<Record<Member, readonly string[]>> = {
  core: [],
  storage: ["core"],
  transport: ["core"],
  client: ["core/api"],
  server: ["core", "storage", "transport"],
  cli: ["server", "client", "storage", "core"],
  sim: ["core", "storage", "transport/frame", "transport/links"],
  embed: ["server", "client", "core"],
};

/** Members that run in any JavaScript runtime, hence take no package and no `node:` module. */
const SELF_CONTAINED: ReadonlySet<Member> = new Set<Member>(["core", "client"]);

/** Reports imports that the layers do not allow. */
export const layering: Deno.lint.Rule = {
  create(context) {
    const { path, member } = placeOf(context.filename);
    if (member === null) return {};

    function judge(source: Deno.lint.Node | null): void {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const message = objection({ path, member: member as Member, specifier: source.value });
      if (message !== null) context.report({ node: source, message });
    }

    return {
      ImportDeclaration: (node) => judge(node.source),
      ExportAllDeclaration: (node) => judge(node.source),
      ExportNamedDeclaration: (node) => judge(node.source),
      ImportExpression: (node) => judge(node.source),
      TSImportType: (node) =>
        judge(node.argument.type === "TSLiteralType" ? node.argument.literal : node.argument),
    };
  },
};

interface Import {
  readonly path: string;
  readonly member: Member;
  readonly specifier: string;
}

function objection({ path, member, specifier }: Import): string | null {
  if (specifier.startsWith(".")) {
    const target = new URL(specifier, `file:///${path}`).pathname;
    return target.startsWith(`/${member}/`)
      ? null
      : `A relative import stays inside its member: write @raftkv/…, not "${specifier}"`;
  }
  if (!specifier.startsWith("@raftkv/")) {
    return SELF_CONTAINED.has(member)
      ? `${member} runs anywhere and imports no package: "${specifier}"`
      : null;
  }
  const wanted = specifier.slice("@raftkv/".length);
  if (wanted === member || wanted.startsWith(`${member}/`)) {
    return `Inside ${member}, import by a relative path: "${specifier}"`;
  }
  const allowed = MAY_IMPORT[member];
  if (allowed.some((layer) => wanted === layer || wanted.startsWith(`${layer}/`))) return null;
  const choice = allowed.length === 0 ? "nothing but itself" : allowed.join(", ");
  return `${member} may import ${choice}, not "${specifier}"`;
}
