// The book's pictures, taken from the demonstration: `cargo xtask shots`. The demonstration is the same for the same
// number of devices, so a picture changes only when a page does.
//
//   node shots.mjs [word ...]      only those whose name contains a word

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { LOOKS, Visitor, demo, nothingYet } from "./house.mjs";
import { small } from "./png.mjs";
import { launch } from "./run.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../docs/book/shots");
/** Pictures travel with the source. */
const LARGEST = 60_000;
const DEVICES = 2_000;
const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** A desktop window that a column of text can show without shrinking it out of sight. */
const WINDOW = { ...LOOKS.desktop, viewport: { width: 1200, height: 740 } };
const DARK = { ...WINDOW, colorScheme: "dark" };
const PHONE = { ...LOOKS.phone, viewport: { width: 390, height: 720 } };

/** Opens the device that shows most: one on hold. */
async function held(visitor) {
  await visitor.go("/devices?show=do_not_use");
  await visitor.leads(visitor.page.locator("table tbody a").first());
}

/** Sets an empty house up, as the first chapter of the book does. */
async function setUp(visitor, server) {
  await visitor.go(server.setUp);
  const group = (name) => visitor.page.getByRole("group", { name, exact: true }).getByLabel("Name", { exact: true });
  await group("Organisation").fill("Harbour Clinic");
  await group("First site").fill("Main house");
  const password = "lantern quilt seven boats";
  await visitor.fill({ "Your name": "Ada Brandt", "E-mail": "ada@harbour.example", Password: password, "Password again": password });
  await visitor.press("Set up Baton");
}

/** What stands on each picture: from which house, on which screen, and how one comes there. */
const SHOTS = [
  { name: "first-run", house: "empty", look: WINDOW, go: setUp },
  {
    name: "import-check", house: "empty", look: WINDOW,
    go: async (visitor, server) => {
      await setUp(visitor, server);
      await visitor.leads(() => visitor.page.locator("input[type=file]").setInputFiles(fixture("clinic-faulty.csv")));
      await visitor.sees(/rows are ready/);
    },
  },
  { name: "sign-in", look: PHONE, go: (visitor) => visitor.go("/sign-in") },
  { name: "devices", look: WINDOW, role: "Manager", go: (visitor) => visitor.go("/devices") },
  { name: "devices-dark", look: DARK, role: "Manager", go: (visitor) => visitor.go("/devices?q=pump") },
  { name: "devices-phone", look: PHONE, role: "Technician", go: (visitor) => visitor.go("/devices") },
  { name: "device", look: WINDOW, role: "Manager", go: held },
  { name: "device-phone", look: PHONE, role: "Technician", go: held },
  {
    name: "change-state", look: WINDOW, role: "Manager",
    go: async (visitor) => {
      await visitor.go("/devices?state=in_service");
      await visitor.leads(visitor.page.locator("table tbody a").first());
      await visitor.follow("Change state");
    },
  },
  { name: "people", look: WINDOW, role: "Administrator", go: (visitor) => visitor.go("/people") },
];

async function take(browser, shot, server) {
  const visitor = await Visitor.open(browser, server, shot.look);
  if (shot.role) await visitor.as(shot.role);
  await shot.go(visitor, server);
  // What was just done is of the way here, not of the page.
  await visitor.page.locator("[data-toast]").evaluateAll((toasts) => toasts.forEach((toast) => toast.remove()));
  await visitor.page.evaluate(() => { scrollTo(0, 0); document.activeElement?.blur(); return document.fonts.ready; });
  const picture = small(await visitor.page.screenshot({ animations: "disabled", caret: "hide" }));
  await visitor.leave();
  console.log(`${shot.name}.png ${Math.ceil(picture.length / 1_000)} kB`);
  assert.ok(picture.length <= LARGEST, `${shot.name}.png has ${picture.length} bytes, more than ${LARGEST}; show less on it`);
  writeFileSync(join(folder, `${shot.name}.png`), picture);
}

async function main(words) {
  mkdirSync(folder, { recursive: true });
  const wanted = SHOTS.filter(({ name }) => !words.length || words.some((word) => name.includes(word)));
  const browser = await launch();
  let hospital;
  try {
    for (const shot of wanted) {
      if (shot.house === "empty") {
        const server = await nothingYet();
        try { await take(browser, shot, server); } finally { await server.stop(); }
      } else {
        hospital ??= await demo(DEVICES);
        await take(browser, shot, hospital);
      }
    }
  } finally {
    await browser.close();
    await hospital?.stop();
  }
}

await main(process.argv.slice(2));
