/*
 * Bundles the pages: node build.mjs OUTPUT. Writes OUTPUT/index.html and OUTPUT/assets/NAME-HASH.EXT;
 * whoever serves them may let browsers keep the assets for ever. Nothing in them is inline, so that
 * they run under a Content-Security-Policy of 'self' alone and under Trusted Types.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const source = path.join(path.dirname(fileURLToPath(import.meta.url)), "src");
const output = process.argv[2];
if (!output) {
  console.error("usage: node build.mjs OUTPUT");
  process.exit(2);
}

const common = {
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: "none",
  target: ["es2022"],
  outdir: path.join(output, "assets"),
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets",
  loader: { ".json": "file", ".svg": "copy" },
};

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
const pages = await build({
  ...common,
  format: "esm",
  entryPoints: [path.join(source, "main.js"), path.join(source, "style/main.css")],
});
/* Runs before the first paint, so that a chosen theme does not flash: a classic script. */
const theme = await build({
  ...common,
  format: "iife",
  entryPoints: [path.join(source, "theme_first.js"), path.join(source, "icon.svg")],
});

/* The address of what an entry point became. */
function address(entry, extension) {
  const outputs = { ...pages.metafile.outputs, ...theme.metafile.outputs };
  const found = Object.keys(outputs).filter((name) => {
    const base = path.basename(name);
    return base.startsWith(`${entry}-`) && base.endsWith(extension);
  });
  if (found.length !== 1) {
    throw new Error(`${entry}${extension}: ${found.length} files instead of one`);
  }
  return `/assets/${path.basename(found[0])}`;
}

const template = await readFile(path.join(source, "index.html"), "utf8");
const html = template
  .replace("{main.css}", address("main", ".css"))
  .replace("{theme.js}", address("theme_first", ".js"))
  .replace("{icon.svg}", address("icon", ".svg"))
  .replace("{main.js}", address("main", ".js"));
await writeFile(path.join(output, "index.html"), html);
