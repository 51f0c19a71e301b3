/**
 * The contract of the `Store` port as a test suite: whatever passes it may stand under a replica.
 *
 * @module
 */

import { LOG_CASES } from "./testing/log_cases.ts";
import { SNAPSHOT_CASES } from "./testing/snapshot_cases.ts";
import type { RegisterTest, StoreSubject } from "./testing/subject.ts";

export type { RegisterTest, StoreCase, StorePlace, StoreSubject } from "./testing/subject.ts";

/** Registers the whole suite for one implementation. */
export function storeContract(subject: StoreSubject, test: RegisterTest): void {
  for (const { rule, run } of [...LOG_CASES, ...SNAPSHOT_CASES]) {
    test(`${subject.name}: ${rule}`, async () => {
      const place = await subject.prepare();
      try {
        await run(place);
      } finally {
        await place.dispose();
      }
    });
  }
}
