/**
 * The documents as a small static site: `deno task docs`. VitePress makes the pages, `deno doc` the
 * reference. Both work in a directory of their own, so that the workspace keeps none of what they
 * need.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { Hono } from "hono";
import { serveStatic } from "hono/deno";
import { HOME } from "./docs_site/home.ts";
import { fitIn } from "./docs_site/type_reference.ts";
import { openApiDocument } from "../server/openapi/document.ts";
import { GENERATED, GROUPS, pageOf, titleOf } from "./docs_site/pages.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const HELP = `The documents as a static site

Usage: deno task docs [--build] [--port N]

  --build    write it to dist/docs and stop
  --port N   where to serve it (8000)

VitePress is fetched from npm when it is needed first.`;

const flags = parseArgs(Deno.args, { boolean: ["build", "help"], string: ["port"] });

if (flags.help) console.log(HELP);
else {
  await build();
  if (!flags.build) await serve(Number(flags.port ?? 8_000));
}

async function build(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "raftkv_docs_" });
  try {
    await prepare(directory);
    await run(["install", "--quiet", "--node-modules-dir=auto"], directory);
    await run(
      ["run", "-A", "--quiet", "--node-modules-dir=auto", "npm:vitepress", "build"],
      directory,
    );
    const reference = `${directory}/.vitepress/dist/reference`;
    await run(["doc", "--html", "--name=RaftKV", `--output=${reference}`, "mod.ts"], ROOT);
    await fitIn(reference, "@raftkv/raftkv");
    await Deno.remove(`${ROOT}dist/docs`, { recursive: true }).catch(() => {});
    await copy(`${directory}/.vitepress/dist`, `${ROOT}dist/docs`);
    console.log("The site is in dist/docs");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes what VitePress reads. */
async function prepare(directory: string): Promise<void> {
  const sidebar = [];
  for (const { text, pages } of GROUPS) {
    const items = [];
    for (const path of pages) {
      const markdown = await GENERATED[path]?.() ?? await Deno.readTextFile(ROOT + path);
      await Deno.mkdir(`${directory}/${path}`.replace(/\/[^/]+$/, ""), { recursive: true });
      await Deno.writeTextFile(`${directory}/${path}`, pageOf(path, markdown));
      items.push({ text: titleOf(markdown), link: `/${path.replace(/(?:index)?\.md$/, "")}` });
    }
    sidebar.push({ text, items });
  }
  await Deno.writeTextFile(`${directory}/index.md`, HOME);
  await Deno.mkdir(`${directory}/public`);
  await Deno.writeTextFile(
    `${directory}/public/openapi.json`,
    JSON.stringify(await openApiDocument()),
  );
  await Deno.mkdir(`${directory}/.vitepress`);
  await Deno.writeTextFile(
    `${directory}/.vitepress/config.mjs`,
    `export default ${JSON.stringify(configOf(sidebar), null, 2)};\n`,
  );
  const dependencies = { vitepress: "^1.6.4", vue: "^3.5.13" };
  const manifest = { private: true, type: "module", dependencies };
  await Deno.writeTextFile(`${directory}/package.json`, JSON.stringify(manifest));
}

function configOf(sidebar: unknown): unknown {
  return {
    title: "RaftKV",
    description: "A strongly consistent, replicated key-value store for Deno",
    cleanUrls: false,
    head: [["link", { rel: "icon", href: "data:," }]],
    themeConfig: {
      search: { provider: "local" },
      nav: [
        { text: "Five minutes", link: "/docs/" },
        { text: "HTTP", link: "/docs/HTTP" },
        { text: "Command line", link: "/generated/cli" },
        { text: "TypeScript", link: "/reference/index.html", target: "_self" },
      ],
      sidebar,
      outline: [2, 3],
    },
    // The reference is put beside the pages after they are made.
    ignoreDeadLinks: [/^\/reference\//],
  };
}

async function run(args: readonly string[], cwd: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const decoder = new TextDecoder();
  console.error(decoder.decode(stdout) + decoder.decode(stderr));
  throw new Error(`Cannot make the site: deno ${args[0]} failed`);
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

async function serve(port: number): Promise<void> {
  const app = new Hono();
  app.use("*", serveStatic({ root: "dist/docs" }));
  app.use("*", serveStatic({ root: "dist/docs", rewriteRequestPath: (path) => `${path}.html` }));
  const onListen = ({ port }: { readonly port: number }) => console.log(`http://localhost:${port}`);
  await Deno.serve({ port, hostname: "127.0.0.1", onListen }, app.fetch).finished;
}
