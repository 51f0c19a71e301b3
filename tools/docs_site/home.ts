/**
 * The first page of the site.
 *
 * @module
 */

/** As VitePress reads it. */
export const HOME: string = `---
layout: home
hero:
  name: RaftKV
  text: A store that several machines keep together
  tagline: Strongly consistent keys and values for Deno, with locks, leases, watches and transactions
  actions:
    - { theme: brand, text: Five minutes, link: /docs/ }
    - { theme: alt, text: What is guaranteed, link: /docs/guarantees }
features:
  - { title: What was acknowledged is there, details: "On the disks of a majority, synced, before you hear of it." }
  - { title: Any node takes any request, details: "One address is enough. No redirects, no special client." }
  - { title: Locks that say what they cannot do, details: "A fencing token with each, and conditions that the store checks itself." }
  - { title: Read the source, details: "Raft, the log on disk and the state machine, from end to end, in one repository." }
---
`;
