/**
 * How far a long command has come, on one line of a terminal.
 *
 * @module
 */

import type { Sink } from "./surroundings.ts";

/** How much is done. */
export interface Progress {
  readonly count: number;
  /** What is counted; keys if not given. */
  readonly unit?: string;
  readonly bytes: number;
  /** Undefined if nobody knows, as for standard input. */
  readonly bytesTotal: number | undefined;
  readonly elapsedMs: number;
}

const BAR_WIDTH = 24;
const REPAINT_MS = 100;

/** One line for the state of things, at most `columns` wide. */
export function progressLine(progress: Progress, columns: number): string {
  const { count, unit = "keys", elapsedMs } = progress;
  const perSecond = elapsedMs > 0 ? Math.round(count / (elapsedMs / 1_000)) : 0;
  const numbers = `${count.toLocaleString("en-US")} ${unit}, ${
    perSecond.toLocaleString("en-US")
  }/s`;
  return `${bar(progress)}${numbers}`.slice(0, Math.max(0, columns - 1));
}

function bar({ bytes, bytesTotal }: Progress): string {
  if (bytesTotal === undefined || bytesTotal === 0) return "";
  const share = Math.min(1, bytes / bytesTotal);
  const filled = Math.round(share * BAR_WIDTH);
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] ${percent}%  `;
}

/** Paints progress over itself, on a terminal only, and no more often than an eye can follow. */
export class ProgressPainter {
  readonly #sink: Sink;
  #paintedMs = -Infinity;
  #painting: Promise<void> = Promise.resolve();

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Paints the line in passing, if the last painting was long enough ago. */
  paint(progress: Progress): void {
    if (!this.#sink.isTerminal || progress.elapsedMs - this.#paintedMs < REPAINT_MS) return;
    this.#paintedMs = progress.elapsedMs;
    this.#write(progressLine(progress, this.#sink.columns));
  }

  /** Takes the line away, so that what follows starts on a clean one. */
  async clear(): Promise<void> {
    if (this.#paintedMs >= 0) this.#write("");
    await this.#painting;
  }

  #write(line: string): void {
    this.#painting = this.#painting.then(() => this.#sink.write(`\r\x1b[K${line}`))
      // The work matters, not the picture of it: a terminal that is gone must not end it.
      .catch(() => {});
  }
}
