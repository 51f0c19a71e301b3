/**
 * Columns of text.
 *
 * @module
 */

/** How a column is set. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/**
 * Sets rows under their titles, columns two spaces apart.
 *
 * @returns One string for each line, the titles first.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const all = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, index) =>
    Math.max(...all.map((row) => (row[index] ?? "").length))
  );
  return all.map((row) =>
    columns.map(({ align }, index) => {
      const cell = row[index] ?? "";
      const width = widths[index] ?? 0;
      return align === "right" ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}
