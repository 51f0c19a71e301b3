/**
 * Texts that may be too long to be written in one turn of the event loop: of a MiB that JSON has to
 * escape throughout, the text alone takes 6 ms.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";

/** Writes a text; where it yields, others may have a turn. */
export type Slices = Generator<void, string>;

/** A text, or what is left to be done for it. */
export type SlicedText = string | Slices;

/** Begins to write: a text that is no longer than a slice is there at once. */
export function begun(slices: Slices): SlicedText {
  const first = slices.next();
  return first.done === true ? first.value : slices;
}

/** Writes the rest, a slice a turn. */
export async function written(slices: Slices): Promise<string> {
  for (;;) {
    await setImmediate();
    const next = slices.next();
    if (next.done === true) return next.value;
  }
}

/** Writes the rest in this turn. */
export function writtenNow(slices: Slices): string {
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
  }
}

/** The texts of all items with commas between. */
export function* joined<Item>(
  items: Iterable<Item>,
  textOf: (item: Item) => SlicedText,
): Slices {
  let text = "";
  let units = 0;
  for (const item of items) {
    const made = textOf(item);
    const one = typeof made === "string" ? made : yield* made;
    text += text === "" ? one : `,${one}`;
    units += one.length;
    if (units < SLICE_UNITS) continue;
    units = 0;
    yield;
  }
  return text;
}

/** From so many characters on, a slice ends. */
const SLICE_UNITS = 262_144;
