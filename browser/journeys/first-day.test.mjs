// The first day of a hospital with Baton: set up an empty installation, bring a faulty list, mend it, import it, find a
// device, take it out of service, read who did what, look back, and undo what may be undone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { LOOKS, house, journey, nothingYet } from "../house.mjs";

const shared = house();
const ADA = { name: "Ada Brandt", email: "ada@harbour.example", password: "lantern quilt seven boats" };
const fixture = (name) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

for (const [screen, look] of [["desktop, light", LOOKS.desktop], ["phone, dark", LOOKS.phoneDark]]) {
  journey(`the first day, ${screen}`, shared, async (enter, server) => {
    const ada = await enter(look);
    await setUp(ada, server);
    const list = await bringList(ada);
    await find(ada);
    await takeOut(ada);
    await acceptWithoutInspection(ada);
    await readHistory(ada);
    await undoRefused(ada, list);
    await undoSecond(ada);
  }, { opens: nothingYet });
}

/** Set-up, with a wrong code first and then a password that was typed differently the second time. */
async function setUp(ada, server) {
  await ada.go("/devices");
  assert.equal(ada.where(), "/set-up", "nothing but set-up is there");
  await ada.go(server.setUp);
  assert.equal(await ada.field("Code").inputValue(), server.code, "the address carries the code");
  await ada.sound();

  const group = (name) => ada.page.getByRole("group", { name, exact: true });
  await group("Organisation").getByLabel("Name", { exact: true }).fill("Harbour Clinic");
  await group("First site").getByLabel("Name", { exact: true }).fill("Main house");
  const here = await ada.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone");
  assert.equal(await ada.field("Time zone").inputValue(), here, "the browser's zone is proposed");
  await ada.fill({ Code: "not-the-code", Beds: "120", "Your name": ADA.name, "E-mail": ADA.email });
  const passwords = (again) => ada.fill({ Password: ADA.password, "Password again": again });

  await passwords(ADA.password);
  await ada.press("Set up Baton");
  assert.equal(ada.answer.status(), 422);
  await ada.sees("This is not the code the server printed when it started. Copy it from there.");
  assert.equal(await ada.field("Your name").inputValue(), ADA.name, "what was typed is kept");
  await ada.sound("set-up with a wrong code");

  await ada.fill({ Code: server.code });
  await passwords("lantern quilt seven boat");
  await ada.press("Set up Baton");
  assert.equal(ada.answer.status(), 422);
  await ada.sees("The two passwords differ. Type the password again.");
  assert.equal(await ada.field("E-mail").inputValue(), ADA.email, "what was typed is kept");
  assert.equal(await ada.field("Beds").inputValue(), "120", "what was typed is kept");

  await passwords(ADA.password);
  await ada.press("Set up Baton");
  assert.equal(ada.where(), "/devices", "whoever set it up is signed in");
  assert.equal(await ada.heading(), "Import your fleet");
  await ada.sound("the first run");
  const late = await ada.context.request.get(server.setUp);
  assert.equal(late.status(), 404, "set-up exists once");
}

/** Gives a file to the page: dropped on it with a mouse, chosen with a finger. */
async function send(ada, name) {
  await ada.leads(async () => {
    if (ada.look.hasTouch) return ada.page.locator("input[type=file]").setInputFiles(fixture(name));
    const text = readFileSync(fixture(name), "utf8");
    return ada.page.locator(".dropz").evaluate((zone, file) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([file.text], file.name, { type: "text/csv" }));
      zone.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, { name, text });
  });
}

/** The faulty file, what the check says of it, the date order chosen, the corrected file, and the import. */
async function bringList(ada) {
  await send(ada, "clinic-faulty.csv");
  await ada.sees(/^35 of 40 rows are ready\. 5 need a look\.$/);
  await ada.sound("the check of the faulty file");
  // Each problem says its line and what to do about it.
  await ada.sees(/Line 12\b.*HC-1004/);
  await ada.sees(/Line 16\b.*“2021-02-31” does not exist in the calendar/);
  await ada.sees(/Line 22\b.*“03\/04\/2020” can be read with the day or the month first; choose the date order/);
  await ada.sees(/Line 32\b.*no serial number/);
  await ada.sees(/Line 37\b.*“Floating” is not known; say what it means, or correct it in the file/);

  await ada.field("Dates of “Acquired on”").selectOption({ label: "Day first: 31/12/2019" });
  await ada.press("Check again");
  await ada.sees(/^37 of 40 rows are ready\. 3 need a look\.$/);
  assert.equal(await ada.page.getByText(/can be read with the day or the month first/).count(), 0);

  await ada.press("Start over");
  await ada.sees("The file was put away. Nothing was imported.");
  await send(ada, "clinic-corrected.csv");
  await ada.sees("All rows are ready: 40 devices.");
  await ada.sound("the check of the corrected file");
  const list = ada.where();
  await ada.press("Import 40 devices");
  await ada.sees("40 devices imported.");
  await ada.sound("the import when done");
  return list;
}

/** By words, and by the exact tag, which leads to the device at once. */
async function find(ada) {
  await ada.follow("Show the devices");
  assert.equal(await ada.heading(), "40 devices came in with “clinic-corrected.csv”.");
  await ada.leads(ada.page.locator(".tok"));
  assert.match(await ada.heading(), /^40 devices, none of them/);
  const bar = () => ada.page.locator("main").getByRole("searchbox", { name: "Search devices" });
  await bar().fill("syringe bay");
  await ada.leads(() => bar().press("Enter"));
  assert.match(await ada.heading(), /^\d of 40 devices match\.$/);
  await ada.sees("SP-20");
  await bar().fill("no such thing");
  await ada.leads(() => bar().press("Enter"));
  await ada.sees("No device matches “no such thing”.");
  await ada.sound("a search that finds nothing");
  // However somebody writes the tag.
  await bar().fill("hc-1009");
  await ada.leads(() => bar().press("Enter"));
  assert.equal(ada.where(), "/d/HC-1009");
  await ada.sound();
}

/** A device in use breaks: a reason is asked for, then it is in repair. */
async function takeOut(ada) {
  await ada.go("/d/HC-1009");
  await ada.follow("Change state");
  await ada.sound();
  await ada.follow(/^Take out of service/);
  await ada.press("Take out of service");
  assert.equal(ada.answer.status(), 422);
  await ada.sees("This move needs a reason.");
  await ada.sound("out of service without a reason");
  await ada.fill({ Why: "Free flow at the door test" });
  await ada.press("Take out of service");
  assert.equal(ada.where(), "/d/HC-1009");
  await ada.sees("HC-1009: in repair.");
  assert.match(await ada.heading(), /^In repair since .*, at Theatre 1\.$/);
}

/** A device that nobody has inspected is not accepted; the rule and what would satisfy it are said. */
async function acceptWithoutInspection(ada) {
  await ada.go("/d/HC-1017/state");
  await ada.follow(/^Accept for use/);
  await ada.fill({ "Inspected by": ADA.name });
  await ada.press("Accept for use");
  assert.equal(ada.answer.status(), 422);
  await ada.sees("It has no inspection passed since it was last received, found or released.");
  await ada.sees("Inspect it and record the passed inspection with who did it.");
  assert.equal(await ada.field("Inspected by").inputValue(), ADA.name, "what was typed is kept");
  await ada.sound("acceptance refused");
  await ada.go("/d/HC-1017");
  assert.match(await ada.heading(), /^In incoming inspection/);
}

/** Who, what from what to what, why; and the record as it was known before. */
async function readHistory(ada) {
  await ada.go("/d/HC-1009/history");
  assert.equal(await ada.heading(), `Changed once since it was recorded, last by ${ADA.name}.`);
  await ada.sound();
  const newest = ada.page.locator(".tl > li").first();
  const words = (await newest.innerText()).replace(/\s+/g, " ");
  for (const part of ["State changed", ADA.name, "In service", "In repair", "Free flow at the door test"]) {
    assert.ok(words.includes(part), `history says ${part}: ${words}`);
  }
  const oldest = ada.page.locator(".tl > li").last();
  await ada.leads(oldest.getByRole("link", { name: "As known then" }));
  await ada.sees(/As known on .*Version 1\./);
  assert.match(await ada.heading(), /^In service at Theatre 1/);
  await ada.sound("the device as it was known");
  await ada.follow("Show it as it is now");
  assert.match(await ada.heading(), /^In repair/);
}

/** The import cannot be taken back as a whole: a device has changed since, and it is named. */
async function undoRefused(ada, list) {
  await ada.go(list);
  assert.equal(await ada.page.getByRole("button", { name: "Undo import" }).count(), 0, "it is not offered");
  await ada.sees(/Changed since the import: HC-1009\./);
  await ada.sound("an undo that is refused");
  await ada.go("/d/HC-1009");
}

/** An import nobody has built on is taken back; what it brought is not found any more. */
async function undoSecond(ada) {
  await ada.go("/devices");
  await ada.follow("Import");
  await ada.sound();
  await send(ada, "three-more.csv");
  await ada.sees("All rows are ready: 3 devices.");
  await ada.press("Import 3 devices");
  await ada.sees("3 devices imported.");
  const second = ada.where();
  await ada.go("/d/HC-2003");
  await ada.go(second);
  await ada.press("Undo import");
  await ada.sees("Undone. Its 3 devices were taken out; nothing of this import is left in the fleet.");
  await ada.sound("the import when undone");
  await ada.go("/d/HC-2003", 404);
  await ada.go("/devices/imports");
  await ada.sees("clinic-corrected.csv");
  await ada.sound();
}
