// Runs the journeys (journeys/*.test.mjs) in the system's Chromium against the real program, and gives them what
// they share: the browser and its flags.
//
//   BATON_BIN=../target/debug/baton node run.mjs [journey ...]
//
// `cargo xtask test` does this with everything prepared.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Where journeys leave pictures and traces; not tracked. */
export const outFolder = join(here, "out");

/** A quiet browser: no sandbox (containers have none), nothing sent or fetched on its own account. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The system's Chromium: the one named by BATON_CHROMIUM, else the first on the PATH. */
export function chromiumPath() {
  if (process.env.BATON_CHROMIUM) return process.env.BATON_CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("no Chromium found; install chromium or set BATON_CHROMIUM to the program");
}

/** The program under test, as an absolute path. */
export function batonPath() {
  const program = resolve(here, process.env.BATON_BIN ?? "../target/debug/baton");
  if (!existsSync(program)) throw new Error(`no program at ${program}; run cargo build -p baton or set BATON_BIN`);
  return program;
}

/** A browser for one journey; the caller closes it. */
export async function launch(options = {}) {
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: chromiumPath(), args: flags, headless: true, ...options });
}

/** The text of axe-core, to be put into a page before asking it for violations. */
export function axeSource() {
  return readFileSync(join(here, "node_modules/axe-core/axe.min.js"), "utf8");
}

function journeys(wanted) {
  const folder = join(here, "journeys");
  const all = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".test.mjs")).sort() : [];
  const chosen = wanted.length ? all.filter((name) => wanted.some((word) => name.includes(word))) : all;
  return chosen.map((name) => join(folder, name));
}

function main() {
  const files = journeys(process.argv.slice(2));
  if (files.length === 0) {
    console.log("there are no journeys to run in browser/journeys");
    return 0;
  }
  mkdirSync(outFolder, { recursive: true });
  // A folder of this run's own: two runs in one checkout must not count each other's results.
  const folder = mkdtempSync(join(tmpdir(), "baton-journeys-"));
  const tap = join(folder, "report.tap");
  const environment = { ...process.env, BATON_BIN: batonPath(), BATON_CHROMIUM: chromiumPath() };
  // One journey at a time: each has a browser and a server of its own, and two of those slow each other down
  // until waiting times run out. People read the first report, programs the second.
  const reports = [
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=tap",
    `--test-reporter-destination=${tap}`,
  ];
  const run = spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...reports, ...files], {
    cwd: here,
    env: environment,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const report = readFileSync(tap, "utf8").split("\n");
  rmSync(folder, { recursive: true });
  const sums = report.filter((line) => /^# (tests|pass|fail|cancelled|skipped|todo) \d+$/.test(line));
  for (const line of sums) console.log(line);
  return run.status ?? 1;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main();
}
