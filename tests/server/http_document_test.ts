import { assertEquals } from "@std/assert";
import { type FailureCode, FAILURES, LIMITS } from "@raftkv/core";
import { BODY_DEPTH_MAX } from "../../server/json_reader.ts";
import { REQUEST_PARTS_MAX } from "../../server/json_builder.ts";
import { failuresOf, OF_THE_CLUSTER } from "../../server/openapi/document.ts";
import { type DocumentedRoute, ROUTES } from "../../server/openapi/routes.ts";
import { ONCE_FAILURES } from "../../server/operations/once.ts";
import { READ_FAILURES } from "../../server/operations/read.ts";
import { VALUE_DEPTH_MAX } from "../../server/stored_value.ts";
import { appUnderTest } from "./app_under_test.ts";
import { isFailureCode } from "./failure_codes.ts";

const DOCUMENT = Deno.readTextFileSync(new URL("../../docs/HTTP.md", import.meta.url));

/** The cells of the table under a heading, without its first two rows. */
function tableUnder(heading: string): string[][] {
  const section = DOCUMENT.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("the document's table of failures is the failure table", () => {
  const expected = Object.keys(FAILURES).filter(isFailureCode).map((code) => {
    const { status, retryable, outcome, meaning } = FAILURES[code];
    return [`\`${code}\``, `${status}`, retryable ? "yes" : "no", `\`${outcome}\``, meaning];
  });
  assertEquals(tableUnder("Failures"), expected);
});

Deno.test("the document's limits are the limits", () => {
  const limits = tableUnder("Limits").map(([, limit]) => limit?.replaceAll(",", "").split(" ")[0]);
  assertEquals(
    limits,
    [
      LIMITS.keyBytesMax,
      LIMITS.valueBytesMax,
      LIMITS.requestBytesMax,
      VALUE_DEPTH_MAX,
      BODY_DEPTH_MAX,
      LIMITS.listItemsMax,
      LIMITS.listBytesMax,
      REQUEST_PARTS_MAX,
      LIMITS.commitOperationsMax,
      LIMITS.commitDepthMax,
      LIMITS.commitRangeKeysMax,
      LIMITS.commitRangeKeyBytesMax,
      LIMITS.commitCompareBytesMax,
      LIMITS.commitAnswerBytesMax,
      LIMITS.commitAnswerRecordsMax,
      LIMITS.leaseKeysMax,
      LIMITS.leaseKeyBytesMax,
      LIMITS.leaseTtlMsMax / 1_000,
    ].map(String),
  );
});

/** In the order of the failure table, as the document has it. */
function inWords(codes: readonly FailureCode[]): string {
  return codes.map((code) => `\`${code}\``).join(", ");
}

function has(route: DocumentedRoute, field: string): boolean {
  return Object.values(route.form.groups).some((group) => Object.hasOwn(group, field));
}

/** What befalls many routes, and stands below the table: on which routes. */
const SHARED: readonly [
  codes: readonly FailureCode[],
  isOf: (route: DocumentedRoute) => boolean,
][] = [
  [READ_FAILURES, (route) => has(route, "maxStaleness")],
  [ONCE_FAILURES, (route) => has(route, "idempotencyKey")],
  [OF_THE_CLUSTER, ({ asksCluster }) => asksCluster],
  [["invalid_argument", "internal"], () => true],
  [["forbidden_origin"], ({ method }) => method !== "get"],
];

Deno.test("the document has the failures of each route, in the table or below it", () => {
  const documented = tableUnder("Routes").map(([route, , , failures]) => [route, failures]);
  const expected = ROUTES.map((route) => {
    const { method, path } = route;
    const shared = SHARED.flatMap(([codes, isOf]) => isOf(route) ? codes : []);
    const own = failuresOf(route).filter((code) => !shared.includes(code));
    const name = path.replace("{key}", ":key").replace("{lease}", ":id");
    return [`\`${method.toUpperCase()} ${name}\``, inWords(own)];
  });
  const [sorted, sortedExpected] = [documented, expected].map((rows) => rows.map(String).sort());
  // The two that are documents themselves are none of the interface's.
  assertEquals(
    sorted?.filter((row) => !/openapi.json|reference/.test(row)),
    sortedExpected,
  );
  const below = DOCUMENT.split("\n## Parameters")[0]?.split("|\n\n").at(-1) ?? "";
  const sentences = [
    ...below.matchAll(/may\s+(?:also\s+)?fail\s+with|that\s+changes\s+anything\s+with/g),
  ];
  const codes = sentences.map(({ index }, at) =>
    [...below.slice(index, sentences[at + 1]?.index).matchAll(/`(\w+)`/g)]
      .map(([, code]) => code ?? "").filter(isFailureCode)
  );
  assertEquals(codes, SHARED.map(([codes]) => [...codes]));
});

/** What most routes take, and what stands below the table. */
const SHARED_PARAMETERS = ["maxStaleness", "minRevision", "explain"];

Deno.test("the document has the parameters of each route, and says what each is", () => {
  const documented = new Map(
    tableUnder("Routes").map(([route, parameters = ""]) => {
      const query = parameters.split("body")[0] ?? "";
      return [route, [...query.matchAll(/`([\w-]+)`/g)].map(([, name]) => name ?? "").sort()];
    }),
  );
  const named = tableUnder("Parameters").flatMap(([names = ""]) =>
    [...names.matchAll(/`([\w-]+)`/g)].map(([, name]) => name ?? "")
  );
  for (const { method, path, form, headers = {} } of ROUTES) {
    const ofForm = [
      ...Object.keys(form.groups.query),
      ...form.headers.map(([, header]) => header),
      ...Object.keys(headers).map((header) => header.toLowerCase()),
    ];
    const name = path.replace("{key}", ":key").replace("{lease}", ":id");
    const told = documented.get(`\`${method.toUpperCase()} ${name}\``) ?? [];
    assertEquals(
      told.map((each) => /^[A-Z]/.test(each) ? each.toLowerCase() : each).sort(),
      [...new Set(ofForm)].filter((field) => !SHARED_PARAMETERS.includes(field)).sort(),
      `${method} ${name}`,
    );
    for (const field of Object.keys(form.groups.query)) {
      assertEquals(named.includes(field), true, `${field} of ${method} ${name} is explained`);
    }
  }
});

Deno.test("the document's routes are served, and no others", async () => {
  const { request } = appUnderTest();
  const documented = new Map<string, string[]>();
  for (const [route] of tableUnder("Routes")) {
    const [method = "", path = ""] = route?.replaceAll("`", "").split(" ") ?? [];
    documented.set(path, [...documented.get(path) ?? [], method]);
  }
  assertEquals(documented.size, 20);
  for (const [path, methods] of documented) {
    const { headers } = await request(path.replace(/:\w+/, "1"), { method: "OPTIONS" });
    const served = headers.get("allow")?.split(", ") ?? [];
    assertEquals(served.filter((method) => !/^(?:HEAD|OPTIONS)$/.test(method)), methods.sort());
  }
});
