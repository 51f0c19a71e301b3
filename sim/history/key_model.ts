/**
 * One key of the store as a sequential object.
 *
 * @module
 */

import {
  type Compare,
  INT64_MAX,
  INT64_MIN,
  keyFromBytes,
  type KvRecord,
  type Operation as Step,
  type OperationResult,
} from "@raftkv/core/kv";
import type { Model } from "./linearizability.ts";
import type { Operation } from "./operation.ts";

/** What a key holds: nothing, or a value, as one character a byte, and its version. */
export type KeyState = null | {
  /** The value. */
  readonly value: string;
  /** How often it was written since it came into being. */
  readonly version: number;
};

/** What an operation of the store asks of one key. */
export interface KeyRequest {
  /** Its conditions on this key. */
  readonly compares: readonly Compare[];
  /** Whether it has conditions on other keys, too. */
  readonly dependsOnOthers: boolean;
  /** What is done to the key if all conditions hold. */
  readonly operations: readonly KeyStep[];
  /** What is done to it if not. */
  readonly otherwise: readonly KeyStep[];
}

/** One step of an operation, as far as it concerns the key. */
export type KeyStep =
  | {
    /** A change of, or a look at, the key. */
    readonly kind: "step";
    /** What is done. */
    readonly step: KeyChange;
    /** What came of it; null if the answer does not say. */
    readonly result: OperationResult | null;
  }
  | {
    /** A condition within, with branches of its own. */
    readonly kind: "nested";
    /** What it asks of the key. */
    readonly request: KeyRequest;
    /** Which branch was taken; null if the answer does not say. */
    readonly answer: KeyAnswer | null;
  };

/** What can be done to one key. */
export type KeyChange = Extract<Step, { kind: "put" | "delete" | "get" | "increment" }>;

/** Which branch was taken. */
export interface KeyAnswer {
  /** Whether the conditions held. */
  readonly succeeded: boolean;
}

/** The part of an operation that concerns one key. */
export type KeyOperation = Operation<KeyRequest, KeyAnswer>;

/** One key, absent at first. */
export const KEY_MODEL: Model<KeyState, KeyRequest, KeyAnswer> = {
  initial: null,
  fingerprint: (state) => state === null ? "" : `${state.version}:${state.value}`,
  step: (state, { request, outcome }) =>
    statesAfter(state, request, outcome.kind === "answered" ? outcome.answer : null),
};

/** The value as the state of a key has it. */
export function textOf(value: Uint8Array): string {
  return keyFromBytes(value);
}

function statesAfter(
  state: KeyState,
  request: KeyRequest,
  answer: KeyAnswer | null,
): readonly KeyState[] {
  const holds = request.compares.every((compare) => isTrue(state, compare));
  const canSucceed = holds && answer?.succeeded !== false;
  const canFail = (!holds || request.dependsOnOthers) && answer?.succeeded !== true;
  return [
    ...(canSucceed ? statesAfterAll(state, request.operations) : []),
    ...(canFail ? statesAfterAll(state, request.otherwise) : []),
  ];
}

function statesAfterAll(state: KeyState, steps: readonly KeyStep[]): readonly KeyState[] {
  let states: readonly KeyState[] = [state];
  for (const step of steps) {
    states = states.flatMap((before) =>
      step.kind === "nested"
        ? statesAfter(before, step.request, step.answer)
        : stateAfter(before, step) ?? []
    );
  }
  return states;
}

/** The state after one step, in an array of its own; null if the step cannot have come to this. */
function stateAfter(
  state: KeyState,
  { step, result }: Extract<KeyStep, { kind: "step" }>,
): readonly [KeyState] | null {
  switch (step.kind) {
    case "get":
      return result?.kind === "get" && !isRecordOf(state, result.record) ? null : [state];
    case "delete": {
      if (result?.kind !== "delete") return [null];
      const [shown = null] = result.prevKvs ?? [];
      const isRight = result.deleted === (state === null ? 0 : 1) &&
        (result.prevKvs === undefined || isRecordOf(state, shown));
      return isRight ? [null] : null;
    }
    case "put": {
      const version = (state?.version ?? 0) + 1;
      const isWrong = result?.kind === "put" && (result.version !== version ||
        (result.prevKv !== undefined && !isRecordOf(state, result.prevKv)));
      return isWrong ? null : [{ value: textOf(step.value), version }];
    }
    case "increment": {
      const before = state === null ? 0n : integerIn(state.value);
      if (before === null) return null;
      const value = before + step.delta;
      if (value < (step.min ?? INT64_MIN) || value > (step.max ?? INT64_MAX)) return null;
      const version = (state?.version ?? 0) + 1;
      const isWrong = result?.kind === "increment" &&
        (result.version !== version || result.value !== value);
      return isWrong ? null : [{ value: `${value}`, version }];
    }
  }
}

/** Whether an answer shows just this state; keys alone may have been asked for. */
function isRecordOf(state: KeyState, record: KvRecord | null): boolean {
  if (state === null || record === null) return state === record;
  return state.version === record.version && state.value === textOf(record.value);
}

function integerIn(value: string): bigint | null {
  return /^-?\d{1,19}$/.test(value) ? BigInt(value) : null;
}

function isTrue(state: KeyState, compare: Compare): boolean {
  const { relation } = compare;
  switch (compare.target) {
    case "value":
      return state !== null && stands(state.value, relation, textOf(compare.operand));
    case "version":
      return stands(state?.version ?? 0, relation, compare.operand);
    case "count":
      return stands(state === null ? 0 : 1, relation, compare.operand);
    case "create":
    case "mod":
    case "lease":
      throw new TypeError(`Cannot compare the ${compare.target} of a key: Its state has none`);
  }
}

function stands<T>(left: T, relation: Compare["relation"], right: T): boolean {
  switch (relation) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case ">":
      return left > right;
  }
}
