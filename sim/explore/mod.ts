/**
 * Bounded exhaustive search over the production Raft core: three nodes, a few terms, entries and
 * crashes, every order of everything that may happen.
 *
 * @module
 */

export { type ExploreOptions, Explorer, type ExploreReport, type Violation } from "./explorer.ts";
export type { Mark } from "./locals.ts";
export { RuleBroken } from "./rule_broken.ts";
export { type StartName, STARTS } from "./starts.ts";
export type { Bounds } from "./world.ts";
