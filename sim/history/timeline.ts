/**
 * A history as a page to look at: one lane for each client, time from left to right, the operations
 * that cannot all be right in red. It needs nothing but itself.
 *
 * @module
 */

import { describeOperation, describeOutcome, describeRequest } from "./describe.ts";
import type { Finding } from "./finding.ts";
import type { KvOperation } from "./kv_operation.ts";

/** The page for a history and what is wrong with it. */
export function timelinePage(
  history: readonly KvOperation[],
  findings: readonly Finding[],
): string {
  const accused = new Set(findings.flatMap(({ operations }) => operations));
  const shown = aroundAccused(history, accused);
  const lanes = [...Map.groupBy(shown, ({ client }) => client)].sort(([a], [b]) => a < b ? -1 : 1);
  const places = placesOf(shown);
  const left = history.length - shown.length;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>RaftKV history</title>
<style>${STYLE}</style>
<h1>History of ${history.length} operations</h1>
${findings.map(findingOf).join("\n") || "<p>Nothing is wrong with it.</p>"}
<p>Time runs from left to right, stretched so that every moment shows. Dashed: outcome unknown. ${
    left > 0 ? `${left} operations far from the accused ones are left out.` : ""
  }</p>
<div class="lanes" style="width:${places.size * COLUMN_PX}px">
${lanes.map(([client, operations]) => laneOf(client, { operations, accused, places })).join("\n")}
</div>
</html>
`;
}

/** All of a short history; of a long one what overlaps the accused, and some before. */
function aroundAccused(
  history: readonly KvOperation[],
  accused: ReadonlySet<number>,
): readonly KvOperation[] {
  if (history.length <= SHOWN_MAX) return history;
  const named = history.filter(({ id }) => accused.has(id));
  const about = named.length === 0 ? history.slice(-1) : named;
  const first = Math.min(...about.map(({ invoked }) => invoked.order));
  const last = Math.max(...about.map(({ invoked, ended }) => ended?.order ?? invoked.order));
  const near = history.filter(({ id, invoked, ended }) =>
    accused.has(id) || (invoked.order <= last && (ended?.order ?? Infinity) >= first)
  );
  const before = history.filter(({ ended }) => ended !== null && ended.order < first);
  const wanted = [...before.slice(-SHOWN_BEFORE), ...near];
  const kept = new Set([...named, ...wanted.slice(-SHOWN_MAX)]);
  return history.filter((operation) => kept.has(operation));
}

/** The column of each moment that is shown: moments far apart in time stand side by side. */
function placesOf(shown: readonly KvOperation[]): ReadonlyMap<number, number> {
  const orders = shown.flatMap(({ invoked, ended }) =>
    ended === null ? [invoked.order] : [invoked.order, ended.order]
  );
  return new Map(orders.sort((a, b) => a - b).map((order, place) => [order, place]));
}

function laneOf(
  client: string,
  { operations, accused, places }: {
    readonly operations: readonly KvOperation[];
    readonly accused: ReadonlySet<number>;
    readonly places: ReadonlyMap<number, number>;
  },
): string {
  const rows: number[] = [];
  const bars = operations.map((operation) => {
    const { id, invoked, ended, outcome } = operation;
    const from = places.get(invoked.order) ?? 0;
    const isOpen = outcome.kind !== "answered" || ended === null;
    const to = ended === null ? places.size : places.get(ended.order) ?? places.size;
    const row = freeRow(rows, { from, to });
    const classes = ["bar", outcome.kind, ...accused.has(id) ? ["accused"] : []].join(" ");
    const style = `left:${from * COLUMN_PX}px;width:${Math.max(1, to - from) * COLUMN_PX}px;` +
      `top:${row * ROW_PX}px`;
    const label = `#${id} ${describeRequest(operation.request)} → ${describeOutcome(operation)}`;
    return `<div class="${classes}${isOpen ? " open" : ""}" style="${style}" title="${
      escape(describeOperation(operation))
    }">${escape(label)}</div>`;
  });
  return `<section><h2>${escape(client)}</h2><div class="lane" style="height:${
    Math.max(1, rows.length) * ROW_PX
  }px">${bars.join("")}</div></section>`;
}

/** A client that gave up on a request may have others under way: they are drawn below each other. */
function freeRow(
  rows: number[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const free = rows.findIndex((end) => end <= from);
  const row = free === -1 ? rows.length : free;
  rows[row] = to;
  return row;
}

function findingOf({ rule, evidence }: Finding): string {
  return `<h2 class="rule">${escape(rule)}</h2><pre>${escape(evidence)}</pre>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

const COLUMN_PX = 60;
const ROW_PX = 22;
const SHOWN_MAX = 300;
const SHOWN_BEFORE = 20;
const STYLE = `
body { font: 14px system-ui, sans-serif; margin: 1.5rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.2rem } h2 { font-size: 0.9rem; margin: 0.6rem 0 0.2rem }
.rule { color: #b00020 }
pre { background: #f4f4f4; padding: 0.8rem; overflow-x: auto }
.lane { position: relative; background: #f4f6f8; border-radius: 4px }
.bar { position: absolute; height: 18px; line-height: 18px; font-size: 11px; padding: 0 3px;
  box-sizing: border-box; overflow: hidden; white-space: nowrap; text-overflow: ellipsis;
  background: #cfe3ff; border: 1px solid #5b8def; border-radius: 3px }
.bar:hover { z-index: 1; width: auto !important; overflow: visible }
.failed { background: #eee; border-color: #aaa; color: #777 }
.open { border-style: dashed }
.accused { background: #ffd6d6; border-color: #b00020; font-weight: 600 }
`;
