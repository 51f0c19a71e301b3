/**
 * What a reader would have before a block makes sense, and what stands in its place in the block.
 *
 * @module
 */

import type { Kv } from "@raftkv/client";

/** Texts of a block and what is put in their place. */
export type Places = Readonly<Record<string, string>>;

/** Where things are prepared. */
export interface Ground {
  readonly kv: Kv;
  readonly directory: string;
}

/** Of blocks that match, what is done before they are run. */
const PREPARATIONS: readonly (readonly [RegExp, (ground: Ground) => Promise<Places | void>])[] = [
  [/\/kv\/name/, async ({ kv }) => void await kv.put("name", "RaftKV")],
  [/(?:minRevision|revision)=12/, async ({ kv }) => {
    const { revision } = await kv.put("name", "RaftKV");
    return { "minRevision=12": `minRevision=${revision}`, "revision=12": `revision=${revision}` };
  }],
  [/If-None-Match: \*/, async ({ kv }) => void await kv.delete("name")],
  [/If-Match: "12"/, async ({ kv }) => {
    const { modRevision } = await kv.put("name", "first");
    return { '"12"': `"${modRevision}"` };
  }],
  [/\/kv\/logo/, async ({ kv, directory }) => {
    const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
    await kv.put("logo", bytes);
    await Deno.writeFile(`${directory}/logo.png`, bytes);
  }],
  [/lease=1\b|leases\/1\b/, async ({ kv }) => {
    const { id } = await kv.lease({ ttl: 600 });
    return { "lease=1": `lease=${id}`, "leases/1": `leases/${id}` };
  }],
  [/"remove": \["n2"\]/, async ({ kv }) => {
    // One that was added before, and never came: the nodes that serve are to stay.
    const { members, index } = await kv.members();
    const learner = members.find(({ url }) => url.endsWith(":8004"))?.id;
    return { '"n2"': `"${learner}"`, '"expectedIndex": 12': `"expectedIndex": ${index}` };
  }],
  [/config\/version/, async ({ kv }) => void await kv.put("config/version", 4)],
  [/config\.clear/, async ({ kv }) => {
    await kv.deleteRange({ prefix: "config/" });
    await kv.put("config/version", 4);
  }],
  [/--seeds 1000/, () => Promise.resolve({ "--seeds 1000": "--seeds 2" })],
];

/** Prepares for one block or command. */
export async function prepare(ground: Ground, text: string): Promise<Places> {
  const places: Record<string, string> = {};
  for (const [pattern, work] of PREPARATIONS) {
    if (pattern.test(text)) Object.assign(places, await work(ground));
  }
  return places;
}
