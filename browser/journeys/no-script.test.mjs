// The daily work in a browser that runs no script: every action is a form, every way a link.

import assert from "node:assert/strict";

import { LOOKS, demo, house, journey } from "../house.mjs";

const shared = house(demo);

for (const [screen, look] of [["desktop", LOOKS.desktop], ["phone", LOOKS.phone]]) {
  journey(`the daily work without script, ${screen}`, shared, async (enter) => {
    const lead = await enter(look, { script: false });
    await lead.as("Lead");

    await lead.go("/devices");
    const bar = lead.page.locator("main").getByRole("searchbox", { name: "Search devices" });
    await bar.fill("pump");
    await lead.leads(lead.page.locator("main").getByRole("button", { name: "Search", exact: true }));
    assert.match(lead.where(), /^\/devices\?q=pump/);
    assert.match(await lead.heading(), /^\d+ of \d+ devices match\.$/);
    await lead.sound();

    await lead.go("/devices");
    const first = await lead.page.locator("table tbody a").first().innerText();
    await lead.follow("Next page");
    assert.notEqual(await lead.page.locator("table tbody a").first().innerText(), first);
    await lead.follow("First page");
    assert.equal(await lead.page.locator("table tbody a").first().innerText(), first);

    await lead.go("/devices?state=in_service");
    await lead.leads(lead.page.locator("table tbody a").first());
    const device = lead.where();
    await move(lead);
    await change(lead, device);
    await lead.sound();

    await lead.go("/me");
    await signOut(lead, screen);
  });
}

/** Moves the device to another place of its site. */
async function move(lead) {
  await lead.follow("Move");
  await lead.sound();
  const location = lead.field("Location");
  const now = await location.inputValue();
  let values = await location.locator("option").evaluateAll((all) => all.map((option) => option.value));
  if (!values.some((value) => value && value !== now)) {
    await lead.fill({ "Find a place": "bay" });
    await lead.press("Show places");
    values = await location.locator("option").evaluateAll((all) => all.map((option) => option.value));
  }
  const next = values.find((value) => value && value !== now);
  await location.selectOption(next);
  const name = (await location.locator("option:checked").innerText()).trim();
  await lead.fill({ Why: "Needed there" });
  await lead.press("Move");
  await lead.sees(`Moved to ${name}.`);
  await lead.sees("Needed there");
}

/** Takes the device out of service. */
async function change(lead, device) {
  await lead.follow("Change state");
  await lead.sound();
  await lead.follow(/^Take out of service/);
  assert.ok(await lead.page.getByLabel("In repair").isChecked());
  await lead.press("Take out of service");
  assert.equal(lead.answer.status(), 422, "a reason is asked for");
  await lead.sound("out of service without a reason");
  await lead.fill({ Why: "Does not charge" });
  await lead.press("Take out of service");
  assert.equal(lead.where(), device);
  assert.match(await lead.heading(), /^In repair since /);
}

async function signOut(lead, screen) {
  const desktop = screen === "desktop";
  if (desktop) await lead.page.locator("summary").filter({ hasText: "Daniel Reyes" }).click();
  const menu = desktop ? lead.page.getByRole("navigation", { name: "Main" }) : lead.page.getByRole("main");
  await lead.leads(menu.getByRole("button", { name: "Sign out", exact: true }).last());
  assert.equal(lead.where(), "/sign-in");
  await lead.go("/devices");
  assert.equal(lead.where(), "/sign-in?next=%2Fdevices");
}
