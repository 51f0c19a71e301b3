/**
 * The npm build of `@std/cli/parse-args`, for machines that reach npm but not JSR (docs/adr/0001).
 * The build carries no types; the declarations are ours.
 *
 * @module
 */
// @ts-types="./parse_args.d.ts"
export * from "npm:deno-std@1.4.0/cli/parse_args.js";
