/**
 * Parts of a JSON body that are kept as the text they came as.
 *
 * @module
 */

/** A number that a double would not give back as it was written. */
export class ExactNumber {
  /** Its text. */
  readonly source: string;

  /** Takes the text of a number. */
  constructor(source: string) {
    this.source = source;
  }
}

/** A value as the text it came as. */
export class JsonText {
  /** The text, with white space between its tokens or without. */
  readonly source: string;
  /** How deep arrays and objects lie in each other; 0 if it is none. */
  readonly depth: number;

  /** Takes a text that is JSON. */
  constructor(source: string, depth: number) {
    this.source = source;
    this.depth = depth;
  }
}
