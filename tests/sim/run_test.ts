/**
 * Whole runs, half of the seeds that every change must pass: nothing acknowledged is lost, whatever
 * the weather, and two runs of a seed are the same.
 *
 * @module
 */

import { runSeedsTwice } from "../support/run_seeds_twice.ts";

runSeedsTwice(1, 100);
