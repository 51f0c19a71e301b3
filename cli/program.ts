/**
 * How this program starts itself again, and the permissions it does that with: the one list of what
 * a node needs.
 *
 * @module
 */

import { dirname, resolve } from "node:path";

/** A command line. */
export interface Invocable {
  readonly executable: string;
  readonly args: readonly string[];
}

/** Variables that a node or a package below it reads. */
const ENVIRONMENT: readonly string[] = [
  "RAFTKV_*",
  "NO_COLOR",
  // npm:ws looks for these when it is loaded.
  "WS_NO_BUFFER_UTIL",
  "WS_NO_UTF_8_VALIDATE",
];

/** The permissions of a node: the network, its directory, its variables, and nothing else. */
export function nodePermissions(dataDir: string): readonly string[] {
  const { read, write } = grantsFor(dataDir);
  return [
    "--no-prompt",
    "--allow-net",
    `--allow-read=${read.replaceAll(",", ",,")}`,
    `--allow-write=${write.replaceAll(",", ",,")}`,
    `--allow-env=${ENVIRONMENT.join(",")}`,
  ];
}

/**
 * A directory that is there needs no more than itself. One that is not is made with all the parents
 * it lacks, and the place where the first of them is made is synced, which takes reading it.
 */
function grantsFor(dataDir: string): { readonly read: string; readonly write: string } {
  let write = resolve(dataDir);
  if (isThere(write)) return { read: write, write };
  while (!isThere(dirname(write))) write = dirname(write);
  return { read: dirname(write), write };
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // What cannot be looked at is the node's to report.
    return true;
  }
}

/**
 * The command line that runs this program with `args` as a node over `dataDir`. A compiled binary is
 * its own runtime and has its permissions built in; anything else is a script under `deno run`.
 *
 * @param script The URL of the script that is running: the source's `main.ts` or the bundle.
 */
export function nodeInvocation(
  script: string,
  { dataDir, args }: { readonly dataDir: string; readonly args: readonly string[] },
): Invocable {
  const executable = Deno.execPath();
  if (Deno.build.standalone) return { executable, args };
  return { executable, args: ["run", "--quiet", ...nodePermissions(dataDir), script, ...args] };
}
