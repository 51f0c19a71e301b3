/**
 * How a command fails for reasons of its own, rather than the cluster's.
 *
 * @module
 */

import type { ExitCode } from "./exit_code.ts";

/** A command line that makes no sense: exit code 2, with a hint where to look. */
export class UsageError extends Error {
  /** Always `UsageError`. */
  override readonly name = "UsageError";
  /** The line to type for help. */
  readonly help: string;

  /** @param command The command it was about, if that much was clear. */
  constructor(message: string, command?: string) {
    super(message);
    this.help = command === undefined ? "raftkv --help" : `raftkv ${command} --help`;
  }
}

/** A command that failed for a reason of its own. */
export class CommandFailure extends Error {
  /** Always `CommandFailure`. */
  override readonly name = "CommandFailure";
  /** The stable name of the failure, for `--json`. */
  readonly code: string;
  /** What the program exits with. */
  readonly exitCode: ExitCode;

  /** @param message One line for a person. */
  constructor(message: string, { code, exitCode }: { code: string; exitCode: ExitCode }) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
  }
}
