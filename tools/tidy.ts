/**
 * What no linter sees because it looks at one file at a time: `deno task tidy`.
 *
 * @module
 */
import { deadLinks } from "./tidy/doc_links.ts";
import { circles, deadFiles } from "./tidy/imports.ts";
import { fileNames } from "./tidy/names.ts";
import { longFiles } from "./tidy/sizes.ts";
import { untiedRules } from "./tidy/spec.ts";
import { readTree } from "./tidy/tree.ts";
import { bannedWords } from "./tidy/words.ts";

const tree = readTree(new URL("../", import.meta.url));
const problems = [
  ...fileNames(tree),
  ...longFiles(tree),
  ...deadFiles(tree),
  ...circles(tree),
  ...deadLinks(tree),
  ...bannedWords(tree),
  ...untiedRules(tree),
];

for (const { path, message } of problems) console.error(`${path}: ${message}`);
if (problems.length > 0) Deno.exit(1);
console.log(`${tree.size} files are tidy`);
