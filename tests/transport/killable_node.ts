/**
 * A node in a process of its own, to be killed: `killable_node.ts <id> <peer id> <peer url>`. Prints
 * the port it listens on.
 *
 * @module
 */

import { EventLog } from "@raftkv/transport/testing";
import { startNode } from "./loopback.ts";
import { nodeId } from "./virtual.ts";

const [id = "", peer = "", url = ""] = Deno.args;
const node = await startNode(nodeId(id), { events: new EventLog() });
node.mesh.setPeers([{ id: nodeId(peer), url }]);
console.log(node.port);
