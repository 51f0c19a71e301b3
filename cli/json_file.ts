/**
 * JSON objects from a file or from standard input.
 *
 * @module
 */

import type { Invocation } from "./command.ts";
import { CommandFailure } from "./failures.ts";
import { EXIT } from "./exit_code.ts";

/**
 * Reads the object in a file, or in standard input if the path is `-`.
 *
 * @throws {CommandFailure} if it cannot be read, or holds something else
 */
export async function readJsonFile(
  { surroundings }: Invocation,
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  const shown = path === "-" ? "standard input" : path;
  try {
    const stream = path === "-" ? surroundings.stdin : (await surroundings.openFile(path)).stream;
    const json: unknown = JSON.parse(await new Response(stream).text());
    if (typeof json === "object" && json !== null && !Array.isArray(json)) {
      return json as Readonly<Record<string, unknown>>;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(`Cannot read ${shown}: ${reason}`);
  }
  throw unusable(`Cannot read ${shown}: It does not hold a JSON object`);
}

function unusable(message: string): CommandFailure {
  return new CommandFailure(message, { code: "invalid_body", exitCode: EXIT.failed });
}
