/**
 * The clients of `deno task sim`.
 *
 * @module
 */
export { JOURNAL as WORKLOAD } from "../../tests/support/journal_workload.ts";
