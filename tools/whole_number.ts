/**
 * A flag of a tool that is a number. What is none would make a run of no rounds, which finds nothing
 * wrong and says so.
 *
 * @module
 */

/**
 * The number that a flag gives, or `base` if it was not given.
 *
 * @param name The flag, without its dashes.
 * @throws {RangeError} if it is no whole number, or less than `min` (0 if not given)
 */
export function wholeNumber(
  name: string,
  { text, base, min = 0 }: {
    readonly text: string | undefined;
    readonly base: number;
    readonly min?: number;
  },
): number {
  if (text === undefined) return base;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= min) return number;
  throw new RangeError(
    `Cannot use --${name}: It must be a whole number, ${min} or more: "${text}"`,
  );
}
