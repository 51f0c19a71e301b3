/**
 * What `deno publish --dry-run` says it would publish.
 *
 * @module
 */

/** Sources of a member, or of the root; manifests; documents that belong to a package. */
const BELONGS =
  /^(?:(?:(?:core|storage|transport|server|client|cli|sim|embed)\/(?:[a-z0-9_]+\/)*[a-z0-9_]+(?:\.d)?\.ts)|mod\.ts|(?:[a-z]+\/)?deno\.json|README\.md|LICENSE|CHANGELOG\.md|storage\/FORMAT\.md|transport\/PROTOCOL\.md)$/;

/** The files of a listing, from the root of the repository. */
export function filesListed(listing: string, root: URL): readonly string[] {
  const lines = listing.matchAll(/^\s+(file:\/\/\S+) \([\d.]+[KM]?B\)\s*$/gm);
  return [...lines].map(([, file = ""]) => file.replace(root.href, ""));
}

/** Those that belong into no package: tests, data, whatever lies about. */
export function straysOf(files: readonly string[]): readonly string[] {
  return files.filter((file) => !BELONGS.test(file));
}
