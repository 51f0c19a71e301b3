/**
 * Durations as people write them.
 *
 * @module
 */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** Reads `500ms`, `5s`, `1.5s` or `2m` into milliseconds; null if it is none, or not above 0. */
export function parseDurationMs(text: string): number | null {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return null;
  const durationMs = Number(amount) * (UNIT_MS[unit] ?? NaN);
  return durationMs > 0 ? durationMs : null;
}

/** Shows milliseconds as seconds with one decimal. */
export function describeSeconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}
