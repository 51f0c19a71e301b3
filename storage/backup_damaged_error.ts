/**
 * A backup that must not be restored.
 *
 * @module
 */

/** A backup was cut off, changed, or is none. */
export class BackupDamagedError extends Error {
  /** Always `BackupDamagedError`. */
  override readonly name = "BackupDamagedError";
  /** What it is called. */
  readonly file: string;
  /** Up to where it made sense. */
  readonly offsetBytes: number;
  /** What is wrong, without the place. */
  readonly reason: string;

  /** Builds the message from its parts. */
  constructor(
    damage: { readonly file: string; readonly offsetBytes: number; readonly reason: string },
  ) {
    const { file, offsetBytes, reason } = damage;
    super(`Cannot read backup "${file}" at byte ${offsetBytes}: ${reason}`);
    this.file = file;
    this.offsetBytes = offsetBytes;
    this.reason = reason;
  }
}
