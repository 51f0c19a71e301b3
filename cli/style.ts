/**
 * Colours, where a person looks on and has not said no (https://no-color.org).
 *
 * @module
 */

import type { Sink, Surroundings } from "./surroundings.ts";

/** The few colours of the program. */
export interface Style {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

/** The style for one of the program's streams. */
export function styleOf(sink: Sink, surroundings: Pick<Surroundings, "env">): Style {
  const isOn = sink.isTerminal && (surroundings.env("NO_COLOR") ?? "") === "";
  const paint = (on: number, off: number) => (text: string) =>
    isOn ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
    bold: paint(1, 22),
    dim: paint(2, 22),
  };
}
