import type { NodeId } from "@raftkv/core";
import { MemoryHub } from "@raftkv/transport/memory";
import { type ContractNetwork, transportContract } from "@raftkv/transport/testing";
import { dialWs } from "../../transport/dial_ws.ts";
import { listenWs, type LoopbackNode, type LoopbackOptions, startNode } from "./loopback.ts";

transportContract({ name: "memory", network: memoryNetwork }, Deno.test);
transportContract({ name: "mesh", network: () => meshNetwork() }, Deno.test);
transportContract({
  name: "mesh with a secret behind ws",
  network: () => meshNetwork({ secret: "s3cret", listen: listenWs }),
}, Deno.test);

function memoryNetwork(): ContractNetwork {
  const hub = new MemoryHub();
  return {
    open: (id, events) =>
      Promise.resolve({
        transport: hub.open(id, events),
        member: { id, url: `http://${id}.test` },
      }),
    cut: (a, b) => hub.cut(a, b),
    heal: (a, b) => hub.heal(a, b),
    close: () => Promise.resolve(),
  };
}

function meshNetwork(options: Pick<LoopbackOptions, "secret" | "listen"> = {}): ContractNetwork {
  const nodes = new Map<NodeId, LoopbackNode>();
  const cuts = new Set<string>();
  return {
    async open(id, events) {
      const node = await startNode(id, {
        events,
        ...options,
        dial(url) {
          const target = [...nodes.values()].find(({ member }) => url.startsWith(toWs(member.url)));
          if (cuts.has(`${id}-${target?.member.id}`)) throw new Error("Link was cut");
          return dialWs(url);
        },
      });
      nodes.set(id, node);
      return { transport: node.mesh, member: node.member };
    },
    cut(a, b) {
      cuts.add(`${a}-${b}`).add(`${b}-${a}`);
      // The contract cuts in networks of two, where every socket is of that pair.
      for (const socket of nodes.get(a)?.sockets ?? []) socket.terminate();
    },
    heal(a, b) {
      cuts.delete(`${a}-${b}`);
      cuts.delete(`${b}-${a}`);
    },
    async close() {
      await Promise.all([...nodes.values()].map((node) => node.close()));
    },
  };
}

const toWs = (url: string) => url.replace("http", "ws");
