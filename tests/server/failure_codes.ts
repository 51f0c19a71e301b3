// The codes of the failure table, as the type checker knows them.

import { type FailureCode, FAILURES } from "@raftkv/core/api";

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text);
}
