/**
 * Where a file stands: in which member of the workspace, and under which path from the root.
 * Everything is anchored at the workspace root, so that `tests/core/` is not taken for `core/`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const MEMBERS = [
  "core",
  "storage",
  "transport",
  "client",
  "server",
  "cli",
  "sim",
  "embed",
] as const;

/** A folder of production code with rules of its own. */
export type Member = (typeof MEMBERS)[number];

/** A file of the workspace. */
export interface Place {
  /** Path from the workspace root, with forward slashes. */
  readonly path: string;
  /** Its member, or `null` for tests, tools, documents and the façade. */
  readonly member: Member | null;
}

/** The workspace root, with a slash at its end. */
export const ROOT: string = slashes(fileURLToPath(new URL("../../", import.meta.url)));

/** Finds the place of a file; one outside the workspace has no member and keeps its full path. */
export function placeOf(filename: string): Place {
  const full = slashes(filename);
  if (!full.startsWith(ROOT)) return { path: full, member: null };
  const path = full.slice(ROOT.length);
  const member = MEMBERS.find((name) => path.startsWith(`${name}/`)) ?? null;
  return { path, member };
}

/** Whether the file is code that others read and run, not a test or a linked package. */
export function isProduction(place: Place): boolean {
  return place.member !== null || place.path === "mod.ts" || place.path.startsWith("tools/");
}

function slashes(path: string): string {
  return path.replaceAll("\\", "/");
}
