/**
 * Asks a person before something that cannot be taken back.
 *
 * @module
 */

import type { Invocation } from "./command.ts";
import { UsageError } from "./failures.ts";

/**
 * Explains on standard error what will be done, and waits for the word that says that it was read.
 *
 * @throws {UsageError} if nobody is there to be asked
 */
export async function isAgreed(
  { surroundings, output }: Invocation,
  { explanation, word }: { readonly explanation: string; readonly word: string },
): Promise<boolean> {
  const { stderr, stdin, isInteractive } = surroundings;
  if (!isInteractive || output.isJson) {
    throw new UsageError("Nobody is there to be asked: Give --yes to do it without a question");
  }
  await stderr.write(`${explanation}\n\nType ${word} to go on: `);
  return await firstLine(stdin) === word;
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end).trim();
  }
  return text.trim();
}
