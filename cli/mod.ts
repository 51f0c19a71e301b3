/**
 * The command line, as a function: what `main.ts` runs and tests call.
 *
 * @module
 */

export type { ChildEnd, NodeProcess, SpawnNode } from "./cluster/child.ts";
export { run } from "./run.ts";
export { EXIT, type ExitCode } from "./exit_code.ts";
export {
  type InputFile,
  OutputClosed,
  type Sink,
  type StopReason,
  type Surroundings,
} from "./surroundings.ts";
