/**
 * Where settings come from, and how a wrong one is named.
 *
 * @module
 */

/** The places a setting may come from, the strongest first. */
export interface ConfigSources {
  /** Flags by their names without dashes: `{ "heartbeat-ms": "100" }`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** The environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The JSON file, or null if there is none. */
  readonly file: ConfigFile | null;
}

/** A configuration file that was read. */
export interface ConfigFile {
  /** For messages. */
  readonly path: string;
  /** The JSON in it. */
  readonly text: string;
}

/** One setting, known as `--heartbeat-ms`, `RAFTKV_HEARTBEAT_MS` and `"heartbeatMs"`. */
export interface Setting<T> {
  /** Its flag without the dashes. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly meaning: string;
  /** The form of its value. */
  readonly expected: string;
  /** Whether it must not be shown, nor given as a flag. */
  readonly isSecret?: true;
  /** Reads its value; null if it has another form. */
  parse(text: string): T | null;
}

/** A configuration with which no node can start. */
export class ConfigError extends Error {
  /** The name of the class. */
  override readonly name = "ConfigError";
  /** Where the value came from: a flag, a variable, a place in a file, or "default". */
  readonly source: string;

  /**
   * Builds the message.
   *
   * @param reason What is wrong with the value.
   */
  constructor(source: string, reason: string) {
    super(`${source}: ${reason}`);
    this.source = source;
  }
}

/** The variable of a setting. */
export function variableOf(name: string): string {
  return `RAFTKV_${name.replaceAll("-", "_").toUpperCase()}`;
}

/** The field of a setting in the file. */
export function fieldOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Finds settings in their sources. */
export class SettingReader {
  readonly #sources: ConfigSources;
  readonly #fields: ReadonlyMap<string, unknown>;

  /**
   * Takes the sources and reads the file.
   *
   * @param settings All there are: the file may name no other.
   * @throws {ConfigError} if the file is not a JSON object of these
   */
  constructor(sources: ConfigSources, settings: readonly Setting<unknown>[]) {
    this.#sources = sources;
    this.#fields = sources.file === null ? new Map() : parseFile(sources.file, settings);
  }

  /**
   * The value of a setting; null if no source has it. An empty flag or variable is a value.
   *
   * @throws {ConfigError} if it has another form
   */
  read<T>(setting: Setting<T>): T | null {
    const found = this.#find(setting);
    if (found === null) return null;
    const value = found.text === null ? null : setting.parse(found.text);
    if (value !== null) return value;
    const shown = setting.isSecret === true ? "" : `: ${JSON.stringify(found.text)}`;
    throw new ConfigError(found.source, `Expected ${setting.expected}${shown}`);
  }

  /** Where the value of a setting comes from. */
  sourceOf(setting: Setting<unknown>): string {
    return this.#find(setting)?.source ?? `default of --${setting.name}`;
  }

  #find({ name, isSecret }: Setting<unknown>): { source: string; text: string | null } | null {
    const { flags, env, file } = this.#sources;
    const flag = flags[name];
    if (flag !== undefined && isSecret !== true) return { source: `--${name}`, text: flag };
    const variable = env[variableOf(name)];
    if (variable !== undefined) return { source: variableOf(name), text: variable };
    const field = this.#fields.get(fieldOf(name));
    if (field === undefined || file === null) return null;
    return { source: `${file.path}: "${fieldOf(name)}"`, text: textOf(field) };
  }
}

/** A file may write numbers as numbers; null for what is no value of any setting. */
function textOf(field: unknown): string | null {
  return typeof field === "string" ? field : typeof field === "number" ? `${field}` : null;
}

function parseFile(
  { path, text }: ConfigFile,
  settings: readonly Setting<unknown>[],
): ReadonlyMap<string, unknown> {
  const json = parseJson(text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ConfigError(path, "Expected a JSON object");
  }
  const fields = new Map<string, unknown>(Object.entries(json));
  const known = new Set(settings.map((setting) => fieldOf(setting.name)));
  for (const name of fields.keys()) {
    if (!known.has(name)) throw new ConfigError(path, `Unknown setting: "${name}"`);
  }
  return fields;
}

/** Undefined if the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
