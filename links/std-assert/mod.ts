/**
 * The npm build of `@std/assert`, for machines that reach npm but not JSR (docs/adr/0001).
 * The build carries no types; the declarations are ours.
 *
 * @module
 */
// @ts-types="./mod.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
