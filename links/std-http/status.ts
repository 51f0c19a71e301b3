/**
 * The npm build of `@std/http/status`, for machines that reach npm but not JSR (docs/adr/0001).
 * The build carries no types; the declarations are ours.
 *
 * @module
 */
// @ts-types="./status.d.ts"
export * from "npm:deno-std@1.4.0/http/status.js";
