/**
 * The program `raftkv`.
 *
 * @module
 */

import { run } from "./run.ts";
import { systemSurroundings } from "./system.ts";

Deno.exit(await run(systemSurroundings(import.meta.url)));
