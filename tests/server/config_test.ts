import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadNodeConfig, NODE_SETTINGS, type NodeConfig } from "../../server/config.ts";
import {
  ConfigError,
  type ConfigSources,
  fieldOf,
  variableOf,
} from "../../server/config_sources.ts";
import { LISTENER_LIMITS } from "../../server/listener_options.ts";

interface Given {
  readonly flags?: ConfigSources["flags"];
  readonly env?: ConfigSources["env"];
  readonly file?: unknown;
}

function load({ flags = {}, env = {}, file }: Given): NodeConfig {
  const text = typeof file === "string" ? file : JSON.stringify(file);
  return loadNodeConfig({
    flags,
    env,
    file: file === undefined ? null : { path: "node.json", text },
  });
}

function assertRefused(given: Given, source: string): void {
  const error = assertThrows(() => load(given), ConfigError);
  assertEquals(error.source, source, error.message);
  assert(error.message.startsWith(`${source}: `), error.message);
}

const SECRET = "correct horse battery";
const CLUSTER = "n1=http://10.0.0.1:8001,n2=http://10.0.0.2:8001,n3=http://10.0.0.3:8001";

Deno.test("a node that is told nothing is a store of one, for this machine alone", () => {
  assertEquals(load({}), {
    id: null,
    host: "127.0.0.1",
    port: 8001,
    url: null,
    isAdvertised: false,
    dataDirectory: "data/n1",
    members: [],
    join: [],
    replaces: null,
    secret: null,
    timing: { heartbeatMs: 100, electionTimeoutMsMin: 1_000, electionTimeoutMsMax: 2_000 },
    snapshotLogBytesMin: 67_108_864,
    limits: LISTENER_LIMITS,
    corsOrigins: [],
  } as unknown);
});

Deno.test("a member of a cluster finds its URL in the list", () => {
  const config = load({ flags: { id: "n2", cluster: CLUSTER, data: "/var/lib/raftkv" } });
  assertEquals(config.url, "http://10.0.0.2:8001");
  assertEquals(config.members.map(({ id }) => `${id}`), ["n1", "n2", "n3"]);
  assertEquals(config.dataDirectory, "/var/lib/raftkv");
});

Deno.test("flags go before the environment, the environment before the file, for each setting", () => {
  const values: Readonly<Record<string, readonly [string, string, string]>> = {
    id: ["a", "b", "c"],
    listen: ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"],
    advertise: ["http://a.test", "http://b.test", "http://c.test"],
    data: ["a", "b", "c"],
    cluster: ["n1=http://a.test", "n1=http://b.test", "n1=http://c.test"],
    join: ["http://a.test", "http://b.test", "http://c.test"],
    replaces: ["a", "b", "c"],
    secret: ["not a flag", `${SECRET} 2`, `${SECRET} 3`],
    "heartbeat-ms": ["1", "2", "3"],
    "election-timeout-ms-min": ["1001", "1002", "1003"],
    "election-timeout-ms-max": ["5001", "5002", "5003"],
    "lease-drift-ms": ["1", "2", "3"],
    "snapshot-log-bytes-min": ["1", "2", "3"],
    "connections-max": ["1", "2", "3"],
    "header-bytes-max": ["20001", "20002", "20003"],
    "headers-ms-max": ["1", "2", "3"],
    "request-ms-max": ["1", "2", "3"],
    "answer-ms-max": ["1", "2", "3"],
    "idle-ms-max": ["1", "2", "3"],
    "close-ms-max": ["1", "2", "3"],
    "cors-origin": ["*", "https://b.test", "https://c.test,http://localhost:3"],
  };
  assertEquals(Object.keys(values).sort(), NODE_SETTINGS.map(({ name }) => name).sort());
  for (const [name, [flag, variable, field]] of Object.entries(values)) {
    const all = {
      flags: name === "secret" ? {} : { [name]: flag },
      env: { [variableOf(name)]: variable },
      file: { [fieldOf(name)]: field },
    };
    const two = { ...all, flags: {} };
    const one = { ...two, env: {} };
    // Nobody is replaced by a node that joins nobody.
    const rest = name === "replaces" ? { join: "http://a.test" } : {};
    const show = ({ flags, ...given }: Given) =>
      JSON.stringify(load({ ...given, flags: { ...rest, ...flags } }));
    const shown = [all, two, one].map(show);
    const alone = [
      { flags: all.flags, env: name === "secret" ? all.env : {} },
      { env: all.env },
      { file: all.file },
    ].map(show);
    assertEquals(shown, alone, name);
    assertEquals(new Set([...shown, show({})]).size, name === "secret" ? 3 : 4);
  }
});

Deno.test("a secret is not taken from the command line, where others can read it", () => {
  assertEquals(load({ flags: { secret: SECRET } }).secret, null);
  assertEquals(load({ env: { RAFTKV_SECRET: SECRET } }).secret, SECRET);
});

Deno.test("a wrong value is named with its source and shown, unless it is a secret", () => {
  const { message } = assertThrows(() => load({ env: { RAFTKV_LISTEN: "8001x" } }), ConfigError);
  assertEquals(message, 'RAFTKV_LISTEN: Expected HOST:PORT, as in 127.0.0.1:8001: "8001x"');
  const secret = assertThrows(() => load({ env: { RAFTKV_SECRET: "short" } }), ConfigError);
  assertEquals(secret.message, "RAFTKV_SECRET: Expected at least 16 characters");
});

Deno.test("malformed values are refused, each with its source", () => {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    id: ["", "a b", "é", "n/1", "x".repeat(65)],
    listen: ["", "host", "host:", ":8001", "host:65536", "host:-1", "a:b:1", "[::1]", "[::1]8001"],
    advertise: [
      ...["", "n1:8001", "ftp://a", "http://a/path", "http://a?x", "http://u@a", "http://a#"],
      ...["http://a:0", "http://0.0.0.0:8001", "http://[::]:8001"],
    ],
    data: [""],
    cluster: [
      "",
      "n1",
      "=http://a",
      "n1=",
      "n1=http://a,",
      "n1=http://a,n1=http://b",
      "n1=http://a,n2=http://a/",
      "n1=http://a;n2=http://b",
      "n1=http://a/path",
      "n1=http://a,n2=http://0.0.0.0:8001",
    ],
    join: ["", "n1", "http://a,", "http://a/path", "n1=http://a", "http://a:0"],
    replaces: ["", "a b"],
    "heartbeat-ms": ["", "0", "-1", "1.5", "1e3", "100ms", "3600001"],
    "header-bytes-max": ["16383", "1048577"],
    "connections-max": ["0", "1000001"],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      assertRefused({ flags: { [name]: value } }, `--${name}`);
      assertRefused({ env: { [variableOf(name)]: value } }, variableOf(name));
      assertRefused({ file: { [fieldOf(name)]: value } }, `node.json: "${fieldOf(name)}"`);
    }
  }
});

Deno.test("addresses come with a name, an IPv6 address in brackets, or a port alone", () => {
  const read = (listen: string) => {
    const { host, port } = load({ flags: { listen }, env: { RAFTKV_SECRET: SECRET } });
    return [host, port];
  };
  assertEquals(read("localhost:0"), ["localhost", 0]);
  assertEquals(read("[::1]:8002"), ["::1", 8002]);
  assertEquals(read("8003"), ["127.0.0.1", 8003]);
  assertEquals(read("0.0.0.0:65535"), ["0.0.0.0", 65_535]);
});

Deno.test("an address that other machines can reach needs a secret", () => {
  const exposed = ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "node.test:1", "127.0.0.1.test:1"];
  for (const listen of exposed) {
    assertRefused({ flags: { listen } }, "--listen");
    const config = load({ flags: { listen }, file: { secret: SECRET } });
    assertEquals(config.secret, SECRET);
  }
  for (const listen of ["127.0.0.1:1", "127.8.9.10:1", "localhost:1", "[::1]:1"]) {
    assertEquals(load({ flags: { listen } }).secret, null);
  }
});

Deno.test("settings that contradict each other are refused", () => {
  assertRefused({ flags: { id: "n4" }, file: { cluster: CLUSTER } }, 'node.json: "cluster"');
  assertRefused({ flags: { cluster: CLUSTER, advertise: "http://other.test" } }, "--advertise");
  assertRefused({ flags: { cluster: CLUSTER, data: ":memory:" } }, "--data");
  assertRefused({ flags: { "heartbeat-ms": "334" } }, "default of --election-timeout-ms-min");
  assertRefused({ flags: { "election-timeout-ms-min": "299" } }, "--election-timeout-ms-min");
  assertRefused(
    { env: { RAFTKV_ELECTION_TIMEOUT_MS_MAX: "1000" } },
    "RAFTKV_ELECTION_TIMEOUT_MS_MAX",
  );
  assertEquals(load({ flags: { data: ":memory:" } }).dataDirectory, null);
  assertEquals(load({ flags: { cluster: "n1=http://a", data: ":memory:" } }).dataDirectory, null);
});

Deno.test("a node that joins knows no more than whom to ask, and where it is reached", () => {
  const join = "http://10.0.0.1:8001, http://10.0.0.2:8001";
  const config = load({ flags: { join, listen: "127.0.0.1:8004" } });
  assertEquals(config.join, ["http://10.0.0.1:8001", "http://10.0.0.2:8001"]);
  assertEquals([config.id, config.url, config.dataDirectory], [null, null, "data/node-8004"]);
  const env = { RAFTKV_SECRET: SECRET };
  const open = { join, listen: "0.0.0.0:8001" };
  assertRefused({ flags: open, env }, "default of --advertise");
  assertRefused({ flags: { ...open, listen: "[::]:8001" }, env }, "default of --advertise");
  const named = load({ flags: { ...open, advertise: "http://10.0.0.4:8001" }, env });
  assertEquals([named.url, named.isAdvertised], ["http://10.0.0.4:8001", true]);
  assertRefused({ flags: { join, id: "n4" } }, "--id");
  assertRefused({ flags: { join, data: ":memory:" } }, "--data");
  assertRefused({ flags: { join, cluster: "n1=http://a" } }, "--cluster");
  assertRefused({ flags: { replaces: "n2" } }, "--replaces");
  assertEquals(`${load({ flags: { join, replaces: "n2" } }).replaces}`, "n2");
});

Deno.test("a file is a JSON object of known settings", () => {
  assertEquals(load({ file: { heartbeatMs: 50 } }).timing.heartbeatMs, 50);
  for (const file of ["", "{", "[]", "null", '"x"', '{"heartbeat-ms":50}', '{"__proto__":{}}']) {
    assertRefused({ file }, "node.json");
  }
  for (const value of [null, true, [], {}, 1.5]) {
    assertRefused({ file: { heartbeatMs: value } }, 'node.json: "heartbeatMs"');
  }
});

Deno.test("lease reads are off unless a drift of the clocks is given, less than the timeout", () => {
  assertEquals("leaseDriftMs" in load({}).timing, false);
  assertEquals(load({ flags: { "lease-drift-ms": "100" } }).timing.leaseDriftMs, 100);
  assertRefused({ flags: { "lease-drift-ms": "1000" } }, "--lease-drift-ms");
});
