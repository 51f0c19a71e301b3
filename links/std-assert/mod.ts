// The npm build of @std/assert under declared types, for machines that reach npm but not JSR.
// @ts-types="./types.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
