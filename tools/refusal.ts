/**
 * How a tool says that it cannot do what it is asked for: one line, where its help is, and exit code 2.
 *
 * @module
 */

/** Ends the tool of this task. */
export function refuse(task: string, reason: string): never {
  console.error(`${reason}\nTry: deno task ${task} --help`);
  Deno.exit(2);
}

/** What is made of a tool's flags; a `RangeError` in that ends the tool. */
export function readFlags<T>(task: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse(task, error.message);
  }
}
