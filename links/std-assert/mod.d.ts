/**
 * The declared types of the assertions our tests use. Each is at most as permissive as the one in
 * the real package, so what compiles here compiles there.
 *
 * @module
 */

type Constructor<T> = abstract new (...args: never[]) => T;

/** What a failed assertion throws. */
export declare class AssertionError extends Error {}

/** Fails unless `expr` is truthy, and narrows by it. */
export declare function assert(expr: unknown, msg?: string): asserts expr;
/** Fails unless `expr` is falsy. */
export declare function assertFalse(expr: unknown, msg?: string): void;
/** Fails unless the two are deeply equal. */
export declare function assertEquals<T>(actual: T, expected: T, msg?: string): void;
/** Fails if the two are deeply equal. */
export declare function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
/** Fails unless the two are the same value by `Object.is`. */
export declare function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T;
/** Fails if the two are the same value by `Object.is`. */
export declare function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
/** Fails unless the numbers differ by at most `tolerance`. */
export declare function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void;
/** Fails on `null` and `undefined`. */
export declare function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T>;
/** Fails unless `actual > expected`. */
export declare function assertGreater<T>(actual: T, expected: T, msg?: string): void;
/** Fails unless `actual >= expected`. */
export declare function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** Fails unless `actual < expected`. */
export declare function assertLess<T>(actual: T, expected: T, msg?: string): void;
/** Fails unless `actual <= expected`. */
export declare function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** Fails unless `actual` is an instance of the class. */
export declare function assertInstanceOf<T>(
  actual: unknown,
  expectedType: Constructor<T>,
  msg?: string,
): asserts actual is T;
/** Fails unless the string matches. */
export declare function assertMatch(actual: string, expected: RegExp, msg?: string): void;
/** Fails if the string matches. */
export declare function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
/** Fails unless `actual` contains `expected`. */
export declare function assertStringIncludes(actual: string, expected: string, msg?: string): void;
/** Fails unless every element of `expected` is in `actual`. */
export declare function assertArrayIncludes<T>(
  actual: ArrayLike<T> & Iterable<T>,
  expected: ArrayLike<T> & Iterable<T>,
  msg?: string,
): void;
/** Fails unless `actual` has every property of `expected`, deeply. */
export declare function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void;
/** Fails unless `fn` throws; returns what it threw. */
export declare function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless `fn` throws an instance of the class whose message includes `msgIncludes`. */
export declare function assertThrows<E extends Error>(
  fn: () => unknown,
  errorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
/** Fails unless the promise rejects; resolves to the reason. */
export declare function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Fails unless the promise rejects with an instance whose message includes `msgIncludes`. */
export declare function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
/** Deep equality, as `assertEquals` sees it. */
export declare function equal(a: unknown, b: unknown): boolean;
/** Fails. */
export declare function fail(msg?: string): never;
/** Fails: the line was thought to be out of reach. */
export declare function unreachable(msg?: string): never;
