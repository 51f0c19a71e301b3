/**
 * The one error that a decoder throws.
 *
 * @module
 */

/** Bytes are not what the format says they must be. */
export class DecodeError extends Error {
  /** The class, for messages. */
  override readonly name = "DecodeError";
  /** What is wrong, without the place. */
  readonly reason: string;
  /** Where reading stopped, counted from the start of the decoded bytes. */
  readonly offsetBytes: number;

  /** Names what is wrong ("Length passes the end") and where. */
  constructor(reason: string, offsetBytes: number) {
    super(`Cannot decode at byte ${offsetBytes}: ${reason}`);
    this.reason = reason;
    this.offsetBytes = offsetBytes;
  }
}
