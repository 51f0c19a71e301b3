/**
 * The ratios as a chart that stands in a document: bars from the line where both are equal.
 *
 * @module
 */

import { figure, type Row } from "./table.ts";

const WIDTH = 940;
const ROW_HEIGHT = 26;
const LABEL_WIDTH = 530;
const VALUE_WIDTH = 70;

/** The rows that have a ratio, as SVG that reads on light and on dark paper. */
export function chartOf(rows: readonly Row[], title: string): string {
  const drawn = rows.filter((row) => row.ratio !== null);
  const widest = Math.max(2, ...drawn.map(({ ratio }) => ratio ?? 0));
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / widest;
  const height = 40 + drawn.length * ROW_HEIGHT + 10;
  const equalX = LABEL_WIDTH + scale;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" ` +
    `aria-label="${escaped(title)}">`,
    "<style>text{font:13px system-ui,sans-serif;fill:#57606a}rect{fill:#2f81f7}" +
    "line{stroke:#8b949e;stroke-dasharray:3 3}</style>",
    `<text x="10" y="20" font-weight="600">${escaped(title)}</text>`,
    ...drawn.map((row, at) => barOf(row, { y: 36 + at * ROW_HEIGHT, scale })),
    `<line x1="${equalX}" y1="30" x2="${equalX}" y2="${height - 6}"/>`,
    "</svg>",
    "",
  ].join("\n");
}

function barOf(
  { work, unit, ratio }: Row,
  { y, scale }: { readonly y: number; readonly scale: number },
): string {
  const width = (ratio ?? 0) * scale;
  return `<text x="10" y="${y + 14}">${escaped(`${work} (${unit})`)}</text>` +
    `<rect x="${LABEL_WIDTH}" y="${y + 2}" width="${width.toFixed(1)}" height="16" rx="3"/>` +
    `<text x="${LABEL_WIDTH + width + 6}" y="${y + 14}">${figure(ratio ?? 0)} x</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
