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

/** A value as the text it came as, without the white space between its tokens. */
export class JsonText {
  /** The text. */
  readonly source: string;

  /** Takes a text that is JSON. */
  constructor(source: string) {
    this.source = source;
  }
}
