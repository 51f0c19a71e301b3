/**
 * What `deno task sim --help` says.
 *
 * @module
 */
import { FAULT_CLASSES } from "@raftkv/sim";

const FAULTS = FAULT_CLASSES.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`).join("\n");

/** The whole text. */
export const HELP =
  `Runs the production replica in simulated bad weather. A seed decides everything: the size of the
cluster, which faults rage, what clients do. After the storm a connected majority must serve, agree,
and still hold all that was acknowledged.

Usage
  deno task sim                          200 seeds, from 1
  deno task sim --seeds 5000 --from 1    that many seeds, from there
  deno task sim --minutes 30             as many as there is time for
  deno task sim --seed 17                one seed, and what it draws and hits
  deno task sim --seed 17 --trace        every event of one seed, a line each
  deno task sim --seed 17 --shrink       the smallest run of that seed that still fails

Options
  --seed N         run this seed alone
  --seeds N        how many seeds to run (200)
  --from N         the first of them (1)
  --minutes M      begin no further seed after that long
  --jobs N         how many run at once (one for each processor)
  --without A,B    leave out these classes of faults
  --only A,B       leave out all others
  --storm-ms N     let the faults rage no longer than this, in virtual milliseconds
  --shrink         drop faults and shorten the storm as long as the same promise is broken
  --trace          print every event (with --seed)
  --timeline FILE  write a page of what clients saw, if that is what broke a promise (with --seed)
  --quiet, -q      print a line only for seeds that fail, not for each
  --help, -h       print this

Faults
${FAULTS}

Ends with 0 if every promise was kept, with 1 if one was broken or a batch of 1,000 seeds or more never
came to something that it must come to or had too little answered, with 2 if it was asked for something it does not know.
docs/simulator.md says more.`;
