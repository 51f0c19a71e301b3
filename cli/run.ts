/**
 * One run of the program: read the line, run the command, return the exit code.
 *
 * @module
 */

import { asksForHelp, parseLine, splitLine } from "./arguments.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./failures.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { describeCommand, describeProgram } from "./help.ts";
import { Output } from "./output.ts";
import { suggest } from "./suggest.ts";
import { OutputClosed, type Surroundings } from "./surroundings.ts";

/** Runs the program to its end; never rejects. */
export async function run(surroundings: Surroundings): Promise<number> {
  // Known before the line is: an error in the line is told in JSON too.
  const output = new Output(surroundings, { isJson: surroundings.args.includes("--json") });
  try {
    return await dispatch(surroundings, output);
  } catch (error) {
    if (error instanceof OutputClosed) return EXIT.ok;
    try {
      return await output.fail(error);
    } catch {
      return EXIT.failed;
    }
  }
}

async function dispatch(surroundings: Surroundings, output: Output): Promise<number> {
  const { name, rest } = splitLine(surroundings.args);
  if (name === undefined || name === "help") return await help(output, rest);
  const command = commandNamed(name);
  if (asksForHelp(rest)) {
    await output.write(await describeCommand(command));
    return EXIT.ok;
  }
  const line = parseLine(command, { args: rest, flags: await command.flags() });
  return await command.run({ ...line, output, surroundings, commands: COMMANDS });
}

/** `raftkv`, `raftkv --help`, `raftkv help` and `raftkv help COMMAND`. */
async function help(output: Output, args: readonly string[]): Promise<ExitCode> {
  const topic = args.find((arg) => !arg.startsWith("-"));
  const text = topic === undefined
    ? describeProgram(COMMANDS)
    : await describeCommand(commandNamed(topic));
  await output.write(text);
  return EXIT.ok;
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name);
  if (command !== undefined) return command;
  const near = suggest(name, COMMANDS.map((each) => each.name));
  const question = near === undefined ? "" : `; did you mean ${near}?`;
  throw new UsageError(`Unknown command "${name}"${question}`);
}
