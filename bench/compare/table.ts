/**
 * The result as a table for people, as JSON and as a chart.
 *
 * @module
 */

import type { Spread } from "./statistics.ts";

/** One line of the result. */
export interface Row {
  readonly work: string;
  readonly unit: string;
  /** Figures of RaftKV. */
  readonly raftkv: Spread | null;
  /** Figures of etcd; null where it was not measured. */
  readonly etcd: Spread | null;
  /** RaftKV's median divided by etcd's, or another figure that the goal speaks of. */
  readonly ratio: number | null;
  /** Cores that the load generators took, in the median; absent where nothing was loaded. */
  readonly generatorCores?: { readonly raftkv: number; readonly etcd: number | null };
  /** What is wanted of `ratio`, or of RaftKV's own median where there is none. */
  readonly goal: Goal | null;
}

/** A bound to reach. */
export interface Goal {
  readonly of: "ratio" | "raftkv";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Whether a row reaches its goal; null if it has none or was not measured. */
export function isMet({ goal, ratio, raftkv }: Row): boolean | null {
  const figure = goal?.of === "ratio" ? ratio : raftkv?.median ?? null;
  if (goal === null || figure === null) return null;
  return figure >= (goal.atLeast ?? -Infinity) && figure <= (goal.atMost ?? Infinity);
}

/** The rows side by side. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.work,
    row.unit,
    textOf(row.raftkv),
    textOf(row.etcd),
    row.ratio === null ? "" : `${figure(row.ratio)} x`,
    goalText(row.goal),
    verdict(isMet(row)),
    coresText(row.generatorCores),
  ]);
  const head = ["work", "unit", "RaftKV", "etcd", "ratio", "goal", "", "load, in cores"];
  const all = [head, ...cells];
  const widths = head.map((_, at) => Math.max(...all.map((line) => line[at]!.length)));
  const lineOf = (line: readonly string[]) =>
    `| ${line.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lineOf(head), rule, ...cells.map(lineOf)].join("\n");
}

function textOf(spread: Spread | null): string {
  if (spread === null) return "–";
  const { median, min, max } = spread;
  return min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

function coresText(cores: Row["generatorCores"]): string {
  if (cores === undefined) return "";
  return cores.etcd === null
    ? figure(cores.raftkv)
    : `${figure(cores.raftkv)}, ${figure(cores.etcd)}`;
}

function goalText(goal: Goal | null): string {
  if (goal === null) return "";
  const unit = goal.of === "ratio" ? " x" : "";
  return goal.atLeast === undefined ? `≤ ${goal.atMost}${unit}` : `≥ ${goal.atLeast}${unit}`;
}

function verdict(met: boolean | null): string {
  return met === null ? "" : met ? "met" : "missed";
}

/** Three significant digits. */
export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
