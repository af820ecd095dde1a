// Makes what browsers get out of this folder and the packages of package-lock.json: `node app/web/frontend/build.mjs`.
// Every file lands in ../static/dist/HASH/NAME with a compressed copy beside it; manifest.json says which hash is now.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "..", "..", "..");
const DIST = join(HERE, "..", "static", "dist");
const ENTRIES = ["app.css", "app.js", "board.js", "reference.css", "styleguide.css"];
const PACKED = new Set(["css", "js", "svg"]);
// What the stylesheet says once for every drawing: a symbol repeats none of it and takes the colour of its text.
const SAID_BY_THE_STYLESHEET =
  / (?:fill="none"|stroke="currentColor"|stroke-linecap="round"|stroke-linejoin="round"|stroke-width="2")/g;

const written = new Map();

async function add(name, hash, content) {
  await mkdir(join(DIST, hash), { recursive: true });
  await writeFile(join(DIST, hash, name), content);
  if (PACKED.has(name.split(".").pop())) {
    const packed = gzipSync(content, { level: constants.Z_BEST_COMPRESSION });
    await writeFile(join(DIST, hash, `${name}.gz`), packed);
  }
  written.set(name, hash);
}

const fingerprint = (content) => createHash("sha256").update(content).digest("hex").slice(0, 12);

const placed = ({ location, text }) => (location ? `${location.file}:${location.line}: ${text}` : text);

async function bundle() {
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: ENTRIES,
    outdir: DIST,
    entryNames: "[hash]/[name]",
    assetNames: "[hash]/[name]",
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    loader: { ".woff2": "file" },
    legalComments: "none",
    logLevel: "silent",
    write: false,
  });
  for (const warning of result.warnings) console.error(placed(warning));
  for (const { path, contents } of result.outputFiles) await add(basename(path), basename(join(path, "..")), contents);
}

async function sprite() {
  const names = JSON.parse(await readFile(join(HERE, "icons.json"), "utf8"));
  const { icons, aliases } = JSON.parse(
    await readFile(join(ROOT, "node_modules", "@iconify-json", "tabler", "icons.json"), "utf8"),
  );
  const symbols = Object.entries(names).map(([name, tabler]) => {
    const drawn = icons[tabler] ?? icons[aliases[tabler]?.parent];
    if (!drawn) throw new Error(`icons.json: Tabler has no icon "${tabler}" for "${name}".`);
    return `<symbol id="${name}" viewBox="0 0 24 24">${drawn.body.replace(SAID_BY_THE_STYLESHEET, "")}</symbol>`;
  });
  const content = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
  await add("icons.svg", fingerprint(content), content);
}

async function copy(name) {
  const content = await readFile(join(HERE, name));
  await add(name, fingerprint(content), content);
}

async function manifestOf(folder) {
  try {
    return JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
  } catch {
    return {};
  }
}

const before = await manifestOf(DIST);
try {
  await Promise.all([bundle(), sprite(), copy("mark.svg"), copy("cars.svg")]);
} catch (error) {
  console.error(error.errors ? error.errors.map(placed).join("\n") : error.message);
  process.exit(1);
}
const manifest = Object.fromEntries([...written].sort());
await writeFile(join(DIST, "manifest.json.new"), `${JSON.stringify(manifest, null, 2)}\n`);
await rename(join(DIST, "manifest.json.new"), join(DIST, "manifest.json"));
// The files of the build before stay: a process may be reading them while this one ends.
const kept = new Set([...Object.values(manifest), ...Object.values(before)]);
for (const entry of await readdir(DIST, { withFileTypes: true })) {
  if (entry.isDirectory() && !kept.has(entry.name)) await rm(join(DIST, entry.name), { recursive: true });
}
