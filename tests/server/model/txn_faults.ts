// What may be wrong within a transaction: its whole body, and the code that it is refused with.

type TxnFault = readonly [name: string, body: string, code: string];

const long = (sizeBytes: number) => JSON.stringify("k".repeat(sizeBytes));

/** Numbers from 1 on are asked for where these stand. */
const NO_INTEGERS = ["0", "-1", "0.5", "9007199254740992", "9223372036854775808", '"x"', "[]"];

/** The fields of operations: what each takes that is right, and what it does not. */
const FIELDS: readonly (readonly [operation: string, right: string, bad: readonly string[]])[] = [
  ["get", '"key":"a"', ['"key":1', '"key":null', '"prefix":"a"', '"key":"a","prevKv":true']],
  ["put", '"key":"a","value":1', [
    ...['"key":"a"', '"value":1', '"key":"a","value":1,"prevKv":1', '"key":[],"value":1'],
    ...['"key":"a","value":"?","encoding":"base64"', '"key":"a","value":1,"encoding":"base64"'],
    ...NO_INTEGERS.map((json) => `"key":"a","value":1,"lease":${json}`),
    ...[...NO_INTEGERS, "1000000001"].map((json) => `"key":"a","value":1,"ttl":${json}`),
    '"key":"a","value":1,"lease":1,"ttl":1',
    `"key":"a","value":${"[".repeat(101)}${"]".repeat(101)}`,
  ]],
  ["delete", '"key":"a"', [
    ...["", '"prevKv":true', '"key":"a","prefix":"a"', '"prefix":"a","start":"a"', '"start":1'],
    ...[`"prefix":${long(2_049)}`, `"end":${long(2_049)}`, '"prefix":"\\ud800"'],
  ]],
  ["range", '"prefix":""', [
    ...["", '"limit":1', '"key":"a","end":"b"', '"prefix":"","order":"up"', '"prefix":null'],
    ...[...NO_INTEGERS, "1001", "1000000"].map((json) => `"prefix":"","limit":${json}`),
    ...['"prefix":"","keysOnly":1', '"prefix":"","countOnly":"true"', '"prefix":"","revision":1'],
  ]],
  ["increment", '"key":"a"', [
    ...["", '"key":"a","delta":1.5', '"key":"a","delta":9223372036854775808', '"key":"a","by":1'],
    ...['"key":"a","min":2,"max":1', '"key":"a","max":null'],
  ]],
  ["txn", '"success":[]', ['"success":1', '"then":[]', '"success":[1]', '"compare":{}']],
];

const BAD_OPERATIONS = [
  ...["{}", "1", "null", "[]", '"get"', '{"got":{"key":"a"}}', '{"get":null}', '{"get":1}'],
  ...['{"get":{"key":"a"},"put":{"key":"b","value":1}}', '{"get":[{"key":"a"}]}'],
];

const BAD_COMPARES = [
  ...["{}", "1", "null", '{"key":"a"}', '{"target":"version","value":1}'],
  ...['{"key":"a","target":"age","value":1}', '{"key":"a","target":"version"}'],
  ...[
    '{"key":"a","target":"version","value":1,"result":"=="}',
    '{"key":1,"target":"mod","value":1}',
  ],
  ...["-1", "0.5", "9007199254740992", "9223372036854775808", '"x"', "[]", "null"].map((json) =>
    `{"key":"a","target":"mod","value":${json}}`
  ),
  ...['{"key":"a","target":"value"}', '{"key":"a","prefix":"a","target":"count","value":1}'],
  ...['{"key":"a","target":"value","value":"?","encoding":"base64"}'],
  ...['{"key":"a","target":"version","value":1,"extra":1}'],
];

const GET = '{"get":{"key":"a"}}';
const COMPARE = '{"key":"a","target":"mod","value":0}';
const many = (json: string, count: number) => `${`${json},`.repeat(count - 1)}${json}`;

/** Transactions within each other. */
function within(depth: number): string {
  return depth === 1 ? '{"success":[]}' : `{"success":[{"txn":${within(depth - 1)}}]}`;
}

const put = (key: string) => `{"put":{"key":${JSON.stringify(key)},"value":1}}`;
const branch = (operations: string) => `{"txn":{"compare":[${COMPARE}],"success":[${operations}]}}`;

export const TXN_FAULTS: readonly TxnFault[] = [
  ...BAD_OPERATIONS.map((json): TxnFault => ["operation", `{"success":[${json}]}`, "invalid_body"]),
  ...BAD_COMPARES.map((json): TxnFault => ["compare", `{"compare":[${json}]}`, "invalid_body"]),
  ...FIELDS.flatMap(([operation, right, bad]) => [
    ...bad.map((fields): TxnFault => [
      operation,
      `{"failure":[{"${operation}":{${fields}}}]}`,
      "invalid_body",
    ]),
    ["unknown field", `{"success":[{"${operation}":{${right},"x":1}}]}`, "invalid_body"] as const,
  ]),
  ...['""', long(2_049), '"\\ud800"'].map((key): TxnFault => [
    "key",
    `{"success":[{"get":{"key":${key}}}]}`,
    "invalid_key",
  ]),
  ["value", `{"success":[{"put":{"key":"a","value":${long(1_048_577)}}}]}`, "value_too_large"],
  ["one operation too many", `{"success":[${many(GET, 129)}]}`, "too_many_operations"],
  [
    "one too many in both branches",
    `{"success":[${many(GET, 64)}],"failure":[${many(GET, 65)}]}`,
    "too_many_operations",
  ],
  [
    "one too many, nested",
    `{"success":[${many(GET, 64)},{"txn":{"success":[${many(GET, 64)}]}}]}`,
    "too_many_operations",
  ],
  ["operations by a thousand times", `{"success":[${many("{}", 128_000)}]}`, "too_many_operations"],
  ["one comparison too many", `{"compare":[${many(COMPARE, 129)}]}`, "too_many_operations"],
  [
    "too many parts",
    `{"success":[${many(`{"get":${many("{}", 1)}}`, 5_000)}]}`,
    "too_many_operations",
  ],
  ["one level too deep", within(9), "too_many_operations"],
  ["a thousand levels too deep", within(1_000), "invalid_body"],
  ["a key twice", `{"success":[${put("a")},{"delete":{"key":"a"}}]}`, "duplicate_key"],
  ["a key and its range", `{"success":[${put("ab")},{"delete":{"prefix":"a"}}]}`, "duplicate_key"],
  [
    "a key in two branches",
    `{"success":[${branch(put("a"))},${branch(put("a"))}]}`,
    "duplicate_key",
  ],
];
