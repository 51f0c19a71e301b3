/**
 * What a command says: text for people or JSON for programs, never both mixed.
 *
 * @module
 */

import { KvError } from "@raftkv/client";
import { CommandFailure, UsageError } from "./failures.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { type Style, styleOf } from "./style.ts";
import type { Surroundings } from "./surroundings.ts";

/** Writes results to standard output and failures to standard error. */
export class Output {
  /** Whether JSON is wanted. */
  readonly isJson: boolean;
  /** For text on standard output. */
  readonly style: Style;
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings, { isJson }: { readonly isJson: boolean }) {
    this.#surroundings = surroundings;
    this.isJson = isJson;
    this.style = styleOf(surroundings.stdout, surroundings);
  }

  /** Writes a result in the form asked for. */
  async result({ json, text }: { readonly json: unknown; readonly text: string }): Promise<void> {
    await this.write(this.isJson ? JSON.stringify(json) : text);
  }

  /** Writes lines as they are. */
  async write(lines: string): Promise<void> {
    await this.#surroundings.stdout.write(`${lines}\n`);
  }

  /** Says in one line why the command failed. */
  async fail(error: unknown): Promise<ExitCode> {
    const { stderr } = this.#surroundings;
    const { exitCode, hint, ...report } = reportOf(error);
    if (this.isJson) {
      await stderr.write(`${JSON.stringify({ error: report })}\n`);
    } else {
      const { red } = styleOf(stderr, this.#surroundings);
      await stderr.write(`${red("error")}: ${report.message}${hint === "" ? "" : ` (${hint})`}\n`);
    }
    return exitCode;
  }
}

interface Report {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly outcome: "not_applied" | "unknown";
  readonly exitCode: ExitCode;
  /** What to know or do besides. */
  readonly hint: string;
}

function reportOf(error: unknown): Report {
  const message = error instanceof Error ? error.message : String(error);
  const certain = { message, retryable: false, outcome: "not_applied", hint: "" } as const;
  if (error instanceof KvError) return reportOfRequest(error);
  if (error instanceof UsageError) {
    return { ...certain, code: "usage", exitCode: EXIT.usage, hint: `see ${error.help}` };
  }
  if (error instanceof CommandFailure) {
    const outcome = error.exitCode === EXIT.unknown ? "unknown" : "not_applied";
    return { ...certain, outcome, code: error.code, exitCode: error.exitCode };
  }
  if (error instanceof Error && error.name === "LostLogError") {
    return { ...certain, code: "lost", exitCode: EXIT.lost };
  }
  if (error instanceof Error && DAMAGE.has(error.name)) {
    return { ...certain, code: "damaged", exitCode: EXIT.damaged };
  }
  return { ...certain, code: "failed", exitCode: EXIT.failed };
}

/** By their names: the classes are in modules that most commands never load. */
const DAMAGE: ReadonlySet<string> = new Set([
  "BackupDamagedError",
  "CorruptLogError",
  "DecodeError",
  "UnsupportedFormatError",
]);

/** What the failure of a request says about something that is not there. */
const MISSING: ReadonlySet<string> = new Set([
  "key_not_found",
  "lease_not_found",
  "member_not_found",
]);

function reportOfRequest({ code, message, retryable, outcome }: KvError): Report {
  const report = { code, message, retryable, outcome };
  if (outcome === "unknown") {
    return { ...report, exitCode: EXIT.unknown, hint: "the write may have been applied" };
  }
  return { ...report, exitCode: MISSING.has(code) ? EXIT.notFound : EXIT.failed, hint: "" };
}
