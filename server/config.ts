/**
 * What a node is told by its operator.
 *
 * @module
 */

import { DEFAULT_TIMING, type Member, type NodeId, type RaftTiming } from "@raftkv/core/raft";
import { parseClusterList, parseNodeId, parseNodeUrl, parseUrlList } from "./cluster_list.ts";
import { ConfigError, type ConfigSources, type Setting, SettingReader } from "./config_sources.ts";
import { isLoopback, isUnspecified, parseListenAddress } from "./listen_address.ts";
import { LISTENER_LIMITS, type ListenerLimits } from "./listener_options.ts";
import { parseOrigins } from "./origins.ts";

/** Everything a node must know to start. */
export interface NodeConfig {
  /** Its own id; null for the one in its directory, or, of a new directory, `n1` if it joins nobody. */
  readonly id: NodeId | null;
  /** The name or address it listens on, for peers and clients alike. */
  readonly host: string;
  /** The port it listens on; 0 for any free one. */
  readonly port: number;
  /** The base URL under which others reach it; null for that of the port it gets. */
  readonly url: string | null;
  /** Whether the operator named that URL: it then holds also against what the cluster knows. */
  readonly isAdvertised: boolean;
  /** Where its data lie; null for memory, which forgets everything when the node ends. */
  readonly dataDirectory: string | null;
  /** The members of a new cluster, this node among them; none for a node alone, or that joins one. */
  readonly members: readonly Member[];
  /** Members of the cluster to join, with a directory that is new; none to join nobody. */
  readonly join: readonly string[];
  /** The voter in whose place the node joins, or null. */
  readonly replaces: NodeId | null;
  /** What members prove to each other that they know; null on a machine that trusts itself. */
  readonly secret: string | null;
  /** Heartbeats and election timeouts. */
  readonly timing: RaftTiming;
  /** Bytes of log since the last snapshot that make the node write the next. */
  readonly snapshotLogBytesMin: number;
  /** What strangers may take of the port. */
  readonly limits: ListenerLimits;
  /** Origins of pages that browsers let in, beside the node's own; `*` for every one. */
  readonly corsOrigins: readonly string[];
}

/** Keeps nothing on disk when given as the data directory. */
export const MEMORY = ":memory:";

/** Shortest secret: below, guessing it becomes thinkable. */
const SECRET_CHARACTERS_MIN = 16;

/**
 * Puts a configuration together: flags, then `RAFTKV_*`, then the file, then the defaults, all of
 * which stand here.
 *
 * @throws {ConfigError} if a value is malformed or two contradict each other; the message names
 *   where it came from
 */
export function loadNodeConfig(sources: ConfigSources): NodeConfig {
  const reader = new SettingReader(sources, NODE_SETTINGS);
  const id = reader.read(SETTINGS.id);
  const join = reader.read(SETTINGS.join) ?? [];
  const address = reader.read(SETTINGS.listen) ?? { host: HOST_DEFAULT, port: PORT_DEFAULT };
  const cluster = reader.read(SETTINGS.cluster);
  const advertised = reader.read(SETTINGS.advertise);
  const own = id ?? NODE_ID_DEFAULT;
  const data = reader.read(SETTINGS.data) ??
    `data/${id === null && join.length > 0 ? `node-${address.port}` : own}`;
  const config: NodeConfig = {
    id,
    ...address,
    url: advertised ?? urlOf(cluster ?? [], own),
    isAdvertised: advertised !== null,
    dataDirectory: data === MEMORY ? null : data,
    members: cluster ?? [],
    join,
    replaces: reader.read(SETTINGS.replaces),
    secret: reader.read(SETTINGS.secret),
    timing: readTiming(reader),
    snapshotLogBytesMin: reader.read(SETTINGS.snapshotLogBytesMin) ?? SNAPSHOT_LOG_BYTES_MIN,
    limits: readLimits(reader),
    corsOrigins: reader.read(SETTINGS.corsOrigin) ?? [],
  };
  checkAddress(config, reader);
  if (cluster !== null) checkCluster(config, reader);
  checkJoin(config, reader);
  checkTiming(config.timing, reader);
  return config;
}

/** The id of a node that is told none, and of its directory. */
export const NODE_ID_DEFAULT: NodeId = "n1" as NodeId;

const HOST_DEFAULT = "127.0.0.1";
const PORT_DEFAULT = 8_001;
const SNAPSHOT_LOG_BYTES_MIN = 67_108_864;

function readTiming(reader: SettingReader): RaftTiming {
  const { heartbeatMs, electionTimeoutMsMin, electionTimeoutMsMax } = DEFAULT_TIMING;
  const leaseDriftMs = reader.read(SETTINGS.leaseDriftMs);
  return {
    ...(leaseDriftMs === null ? {} : { leaseDriftMs }),
    heartbeatMs: reader.read(SETTINGS.heartbeatMs) ?? heartbeatMs,
    electionTimeoutMsMin: reader.read(SETTINGS.electionTimeoutMsMin) ?? electionTimeoutMsMin,
    electionTimeoutMsMax: reader.read(SETTINGS.electionTimeoutMsMax) ?? electionTimeoutMsMax,
  };
}

function readLimits(reader: SettingReader): ListenerLimits {
  return {
    connectionsMax: reader.read(SETTINGS.connectionsMax) ?? LISTENER_LIMITS.connectionsMax,
    headerBytesMax: reader.read(SETTINGS.headerBytesMax) ?? LISTENER_LIMITS.headerBytesMax,
    headersMsMax: reader.read(SETTINGS.headersMsMax) ?? LISTENER_LIMITS.headersMsMax,
    requestMsMax: reader.read(SETTINGS.requestMsMax) ?? LISTENER_LIMITS.requestMsMax,
    answerMsMax: reader.read(SETTINGS.answerMsMax) ?? LISTENER_LIMITS.answerMsMax,
    idleMsMax: reader.read(SETTINGS.idleMsMax) ?? LISTENER_LIMITS.idleMsMax,
    closeMsMax: reader.read(SETTINGS.closeMsMax) ?? LISTENER_LIMITS.closeMsMax,
  };
}

function checkAddress({ host, secret }: NodeConfig, reader: SettingReader): void {
  if (isLoopback(host) || secret !== null) return;
  throw new ConfigError(
    reader.sourceOf(SETTINGS.listen),
    `Other machines can reach ${host}, which needs a cluster secret (RAFTKV_SECRET)`,
  );
}

function checkCluster(config: NodeConfig, reader: SettingReader): void {
  const { id: given, url, dataDirectory, members } = config;
  const id = given ?? NODE_ID_DEFAULT;
  const source = reader.sourceOf(SETTINGS.cluster);
  const own = urlOf(members, id);
  if (own === null) throw new ConfigError(source, `The list lacks this node: "${id}"`);
  if (own !== url) {
    throw new ConfigError(
      reader.sourceOf(SETTINGS.advertise),
      `The cluster list has another URL for this node: "${own}"`,
    );
  }
  // A member that forgets its vote may vote twice in one term, which elects two leaders.
  if (dataDirectory === null && members.length > 1) {
    throw new ConfigError(
      reader.sourceOf(SETTINGS.data),
      `A member of a cluster needs a directory, not "${MEMORY}"`,
    );
  }
}

function checkJoin(config: NodeConfig, reader: SettingReader): void {
  const { id, host, isAdvertised, dataDirectory, members, join, replaces } = config;
  const wrong = (setting: Setting<unknown>, reason: string) =>
    new ConfigError(reader.sourceOf(setting), reason);
  if (join.length === 0) {
    if (replaces === null) return;
    throw wrong(SETTINGS.replaces, "Only a node that joins a cluster (--join) can replace another");
  }
  if (members.length > 0) {
    throw wrong(SETTINGS.cluster, "The list begins a new cluster, and --join looks for another");
  }
  if (id !== null) throw wrong(SETTINGS.id, "A node that joins gets its id from the cluster");
  if (dataDirectory === null) {
    throw wrong(SETTINGS.data, `A member of a cluster needs a directory, not "${MEMORY}"`);
  }
  if (isUnspecified(host) && !isAdvertised) {
    throw wrong(
      SETTINGS.advertise,
      `Others cannot reach ${host}: Name the URL under which they reach this node`,
    );
  }
}

function checkTiming(timing: RaftTiming, reader: SettingReader): void {
  const { heartbeatMs, electionTimeoutMsMin, electionTimeoutMsMax } = timing;
  // Below a few heartbeats one delayed message deposes a healthy leader.
  if (electionTimeoutMsMin < 3 * heartbeatMs) {
    throw new ConfigError(
      reader.sourceOf(SETTINGS.electionTimeoutMsMin),
      `The timeout must be at least three heartbeats of ${heartbeatMs} ms: ${electionTimeoutMsMin}`,
    );
  }
  if (electionTimeoutMsMax <= electionTimeoutMsMin) {
    throw new ConfigError(
      reader.sourceOf(SETTINGS.electionTimeoutMsMax),
      `The timeout must exceed the minimum of ${electionTimeoutMsMin} ms: ${electionTimeoutMsMax}`,
    );
  }
  const { leaseDriftMs = 0 } = timing;
  if (leaseDriftMs >= electionTimeoutMsMin) {
    throw new ConfigError(
      reader.sourceOf(SETTINGS.leaseDriftMs),
      `The drift must be less than the shortest timeout of ${electionTimeoutMsMin} ms: ${leaseDriftMs}`,
    );
  }
}

function urlOf(members: readonly Member[], id: NodeId): string | null {
  return members.find((member) => member.id === id)?.url ?? null;
}

function milliseconds(name: string, meaning: string): Setting<number> {
  return integer({ name, meaning, min: 1, max: 3_600_000 });
}

function integer(
  { name, meaning, min, max }: {
    readonly name: string;
    readonly meaning: string;
    readonly min: number;
    readonly max: number;
  },
): Setting<number> {
  return {
    name,
    meaning,
    expected: `a whole number from ${min} to ${max}`,
    parse: (text) => {
      const value = /^\d{1,13}$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? value : null;
    },
  };
}

const SETTINGS = {
  id: {
    name: "id",
    meaning: "name of this node in its cluster",
    expected: "1 to 64 letters, digits, dots, dashes or underscores",
    parse: parseNodeId,
  },
  listen: {
    name: "listen",
    meaning: "address to listen on",
    expected: "HOST:PORT, as in 127.0.0.1:8001",
    parse: (text: string) => parseListenAddress(text, HOST_DEFAULT),
  },
  advertise: {
    name: "advertise",
    meaning: "URL under which others reach this node",
    expected:
      "a URL that others can dial, of scheme, host and port alone, as in http://10.0.0.1:8001",
    parse: parseNodeUrl,
  },
  data: {
    name: "data",
    meaning: `data directory, or ${MEMORY}`,
    expected: "a path",
    parse: (text: string) => text === "" ? null : text,
  },
  cluster: {
    name: "cluster",
    meaning: "members of a new cluster",
    expected:
      "distinct ID=URL pairs that others can dial, as in n1=http://10.0.0.1:8001,n2=http://10.0.0.2:8001",
    parse: parseClusterList,
  },
  join: {
    name: "join",
    meaning: "members of a cluster to join, with a new directory",
    expected: "URLs that can be dialled, separated by commas, as in http://10.0.0.1:8001",
    parse: parseUrlList,
  },
  replaces: {
    name: "replaces",
    meaning: "member in whose place the node joins",
    expected: "the id of a member",
    parse: parseNodeId,
  },
  secret: {
    name: "secret",
    meaning: "what members prove to each other that they know",
    expected: `at least ${SECRET_CHARACTERS_MIN} characters`,
    // Arguments of a process are there for all to read.
    isSecret: true,
    parse: (text: string) => text.length < SECRET_CHARACTERS_MIN ? null : text,
  },
  corsOrigin: {
    name: "cors-origin",
    meaning: "origins whose pages may use this node, or *",
    expected: "origins, as in https://app.example.com,http://localhost:5173",
    parse: parseOrigins,
  },
  heartbeatMs: milliseconds("heartbeat-ms", "interval of a leader's heartbeats"),
  electionTimeoutMsMin: milliseconds("election-timeout-ms-min", "shortest wait for a leader"),
  electionTimeoutMsMax: milliseconds("election-timeout-ms-max", "longest wait for a leader"),
  leaseDriftMs: milliseconds(
    "lease-drift-ms",
    "turns lease reads on: drift of clocks in a shortest wait",
  ),
  snapshotLogBytesMin: integer({
    name: "snapshot-log-bytes-min",
    meaning: "bytes of log that make a node write a snapshot",
    min: 1,
    max: 1_000_000_000_000,
  }),
  connectionsMax: integer({
    name: "connections-max",
    meaning: "most connections at a time",
    min: 1,
    max: 1_000_000,
  }),
  headerBytesMax: integer({
    name: "header-bytes-max",
    meaning: "largest head of a request",
    // A key and a cursor of full length, percent-encoded, and room for headers.
    min: 16_384,
    max: 1_048_576,
  }),
  headersMsMax: milliseconds("headers-ms-max", "longest time for a request's head to arrive"),
  requestMsMax: milliseconds("request-ms-max", "longest time for a request to arrive"),
  answerMsMax: milliseconds(
    "answer-ms-max",
    "longest time for an answer, or a part of a long one, to be taken",
  ),
  idleMsMax: milliseconds("idle-ms-max", "how long an idle connection is kept"),
  closeMsMax: milliseconds("close-ms-max", "how long a stopping node waits for requests"),
} as const;

/** Every setting, for the help of the command line. */
export const NODE_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS);
