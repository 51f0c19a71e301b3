/**
 * The declared types of `parseArgs`. They give each flag the type the real package gives it, with
 * two simplifications, both on the strict side: dotted names stay `unknown`, and without any
 * declared flag everything is `unknown`, where the real package says `any`.
 *
 * @module
 */

/** A flag whose name nests (`a.b`) is left untyped; `_` has a type of its own. */
type Flag<T> = Exclude<Extract<T, string>, "_" | `${string}.${string}`>;

/** The type of one flag before defaults. */
type Value<K, B, C, S, N> =
  | (K extends C ? (K extends B ? boolean[] : K extends S ? string[] : unknown[])
    : K extends B ? boolean
    : string)
  | (K extends N ? false : never);

/** Booleans are `false` and collections `[]` unless given, so only a plain string may be absent. */
type Declared<B, S, C, N> =
  & { [K in Flag<B | C>]: Value<K, B, C, S, N> }
  & { [K in Exclude<Flag<S>, B | C>]?: Value<K, B, C, S, N> };

/** A default makes its flag present; a default for an undeclared flag says nothing about it. */
type WithDefaults<T, D> =
  & Omit<T, keyof D>
  & { [K in keyof D]: K extends keyof T ? D[K] | NonNullable<T[K]> : unknown };

type AliasNames<K, A> = K extends keyof A
  ? A[K] extends string ? A[K] : A[K] extends readonly string[] ? A[K][number] : never
  : never;

/** Each flag under its name and under its aliases. */
type WithAliases<T, A> = { [K in keyof T as K | AliasNames<K, A>]: T[K] };

type Flattened<T> = { [K in keyof T]: T[K] };

type Flags<B, S, C, N, D, A> =
  & Record<string, unknown>
  & WithAliases<WithDefaults<Flattened<Declared<B, S, C, N>>, D>, A>;

/** The result of {@linkcode parseArgs}: the flags, and the rest under `_`. */
export type Args<
  TArgs extends Record<string, unknown> = Record<string, unknown>,
  TDoubleDash extends boolean | undefined = undefined,
> =
  & TArgs
  & { _: (string | number)[] }
  & (true extends TDoubleDash ? { "--": string[] } : unknown);

/** What {@linkcode parseArgs} is told about the flags. */
export interface ParseOptions<
  TBooleans extends string = string,
  TStrings extends string = string,
  TCollectable extends string = string,
  TNegatable extends string = string,
  TDefault extends Record<string, unknown> = Record<string, unknown>,
  TAliases extends Record<string, string | readonly string[]> = Record<
    string,
    string | readonly string[]
  >,
  TDoubleDash extends boolean | undefined = boolean | undefined,
> {
  /** Put what follows `--` under `"--"` instead of `_`. */
  "--"?: TDoubleDash;
  /** Other names of a flag. */
  alias?: TAliases;
  /** Flags that take no value; absent means `false`. */
  boolean?: TBooleans | readonly TBooleans[];
  /** Values of flags not given. */
  default?: TDefault;
  /** End at the first argument that is not a flag: the rest goes to `_`. */
  stopEarly?: boolean;
  /** Flags whose value is never taken for a number. `"_"` says it of the positional arguments. */
  string?: TStrings | readonly TStrings[];
  /** Flags that may be given several times; absent means `[]`. */
  collect?: TCollectable | readonly TCollectable[];
  /** Flags that may be written `--no-x`. */
  negatable?: TNegatable | readonly TNegatable[];
  /** Called for each argument that was not declared; `false` leaves it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Parses command-line arguments. */
export declare function parseArgs<
  TBooleans extends string = never,
  TStrings extends string = never,
  TCollectable extends string = never,
  TNegatable extends string = never,
  TDefault extends Record<string, unknown> = Record<never, never>,
  const TAliases extends Record<string, string | readonly string[]> = Record<never, never>,
  TDoubleDash extends boolean | undefined = undefined,
>(
  args: string[],
  options?: ParseOptions<
    TBooleans,
    TStrings,
    TCollectable,
    TNegatable,
    TDefault,
    TAliases,
    TDoubleDash
  >,
): Args<Flags<TBooleans, TStrings, TCollectable, TNegatable, TDefault, TAliases>, TDoubleDash>;
