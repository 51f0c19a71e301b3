/**
 * The clients of `deno task sim`.
 *
 * @module
 */
export { KV as WORKLOAD } from "@raftkv/sim";
