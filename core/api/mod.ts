/**
 * What clients and servers agree on: the JSON of the HTTP interface and the table of failures.
 *
 * @module
 */

export * from "./failures.ts";
export * from "./json.ts";
