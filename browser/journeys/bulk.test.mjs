// Many devices changed at once and given back, without a mouse; what is ticked beside the list; what is not understood; searches kept as views.

import assert from "node:assert/strict";

import { LOOKS, demo, house, journey } from "../house.mjs";

const shared = house(demo);

journey("a change of three devices and its undo, by keys alone", shared, async (enter) => {
  const lead = await enter(LOOKS.desktop);
  await lead.as("Manager");
  const { page } = lead;
  const { keyboard } = page;
  const press = async (...keys) => { for (const key of keys) await keyboard.press(key); };
  /** Goes on by Tab until this has focus. */
  const tabTo = async (name) => {
    for (let n = 0; n < 120; n += 1) {
      const here = await page.evaluate(() => {
        const el = document.activeElement;
        return el?.labels?.[0]?.innerText.trim() || el?.getAttribute("aria-label") || el?.innerText?.trim() || "";
      });
      if (here.startsWith(name)) return;
      await press("Tab");
    }
    assert.fail(`no Tab leads to “${name}”`);
  };

  await lead.go('/devices?q=type:"infusion pump" state:"in service"');
  const tags = await page.getByRole("table").getByRole("link", { name: /^NH-/ }).allInnerTexts();
  await press("j", "x", "j", "x", "j", "x");
  await lead.sees("3 selected");
  await lead.sound("rows that are ticked");
  await lead.leads(() => press("e"));
  await lead.sees("What becomes of 3 devices?");
  await tabTo("Notes");
  await press("Tab");
  await keyboard.type("Counted in October");
  await tabTo("Why");
  await keyboard.type("Inventory 2026");
  await lead.leads(() => press("Enter"));
  await lead.sees("3 devices will change.");
  await lead.sound("what would change");
  await tabTo("Change 3 devices");
  await lead.leads(() => press("Enter"));
  await lead.sees("3 devices changed.");
  const act = page.url();
  await lead.go(`/d/${tags[0]}/history`);
  await lead.sees("Changed with others");
  await lead.sees("Inventory 2026");

  await page.goto(act);
  await lead.leads(() => press("z"));
  await lead.sees("Undone. 3 devices are as before.");
  await lead.sound("what was undone");
  await lead.go(`/d/${tags[0]}/history`);
  await lead.sees("Change undone");
});

journey("Ctrl A ticks the page, and again offers all that match", shared, async (enter) => {
  const lead = await enter(LOOKS.desktop);
  await lead.as("Manager");
  await lead.go("/devices?q=type:pump");
  await lead.page.keyboard.press("Control+a");
  await lead.sees("50 selected");
  await lead.page.keyboard.press("Control+a");
  const focused = await lead.page.evaluate(() => document.activeElement.innerText.trim());
  assert.match(focused, /^Change all [0-9,]+$/);
  await lead.leads(() => lead.page.keyboard.press("Enter"));
  const all = focused.replace("Change all ", "");
  await lead.sees(`What becomes of ${all} devices?`);
});

journey("a tick is written into the query, and what is not understood is said", shared, async (enter) => {
  const tech = await enter(LOOKS.desktop);
  await tech.as("Technician");
  await tech.go("/devices?q=pump");
  const filters = tech.page.getByRole("complementary", { name: "Filters" });
  const label = filters.locator("label", { hasText: "In repair" });
  const said = (await label.locator("span").last().innerText()).trim();
  await tech.leads(() => label.locator("input").check());
  await tech.sees('state:"in repair"');
  const rows = await tech.page.getByRole("table").getByRole("link", { name: /^NH-/ }).count();
  assert.equal(rows, Math.min(50, Number(said.replace(",", ""))), "as many as stood beside the tick");
  await tech.go("/devices?q=sirial:5");
  await tech.sees("There is no field “sirial” to search by.");
  await tech.leads(() => tech.page.getByRole("link", { name: "serial:5" }).click());
  await tech.sound("a search mended");
});

journey("a search is kept as a view, edited and taken back; all see it, on a phone too", shared, async (enter) => {
  const lead = await enter(LOOKS.desktop);
  await lead.as("Manager");
  await lead.go("/devices?q=type:pump age:>7");
  await lead.leads(() => lead.page.getByRole("link", { name: "Save this search" }).click());
  await lead.page.getByLabel("Name").fill("Old pumps");
  await lead.page.getByLabel("All see it").check();
  await lead.sound("a view that is saved");
  await lead.press("Save view");
  await lead.sees("“Old pumps” is saved.");
  const tab = lead.page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Old pumps" });
  assert.equal(await tab.getAttribute("aria-current"), "page");
  const box = lead.page.getByRole("searchbox", { name: "Search devices" });
  await box.fill("icu");
  await lead.leads(() => box.press("Enter"));
  await lead.sees("“Old pumps”, edited.");
  await lead.sound("a list of a view that asks something else");
  await lead.leads(() => lead.page.getByRole("link", { name: "Reset" }).click());
  assert.ok(!(await lead.page.getByText("edited.").isVisible()));

  const tech = await enter(LOOKS.phone);
  await tech.as("Technician");
  await tech.go("/views");
  await tech.sees("Old pumps");
  await tech.sound("views on a phone");
  await tech.leads(() => tech.page.getByRole("link", { name: "Old pumps" }).click());
  await tech.sound("a view on a phone");
  assert.equal(await tech.page.getByText("edited.").count(), 0);
});
