/**
 * Runs `deno doc --lint` over everything the packages export: `deno task doc`. The list comes from
 * the manifests, so that a new export cannot be forgotten.
 *
 * @module
 */
import { exportsOf } from "./tidy/packages.ts";
import { readTree } from "./tidy/tree.ts";

const exports = exportsOf(readTree(new URL("../", import.meta.url)));
const own = [...exports].filter(([name]) => name.startsWith("@raftkv/")).map(([, file]) => file);

const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--quiet", "--lint", ...own],
  cwd: new URL("../", import.meta.url),
}).spawn().status;
Deno.exit(code);
