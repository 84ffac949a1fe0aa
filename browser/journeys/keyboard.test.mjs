// Work without a mouse: where focus is can always be seen, and nothing that sticks to an edge lies over it.

import assert from "node:assert/strict";

import { LOOKS, demo, house, journey } from "../house.mjs";

const shared = house(demo);

/** What has focus: its words, whether it is seen, what covers it, and whether its ring is drawn. Runs in the page. */
function focused() {
  const el = document.activeElement;
  if (!el || el === document.body) return null;
  const box = el.getBoundingClientRect();
  const inside = box.width > 0 && box.top >= 0 && box.left >= 0
    && box.bottom <= innerHeight + 1 && box.right <= innerWidth + 1;
  // A file input is drawn by its label; the label is what is seen.
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const hit = document.elementFromPoint(x, y);
  const covered = hit && !el.contains(hit) && !hit.contains(el) && !(el.labels && [...el.labels].some((l) => l.contains(hit)));
  const drawn = (node) => {
    const style = getComputedStyle(node);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  };
  const ring = [el, el.parentElement, el.closest("tr"), el.nextElementSibling].filter(Boolean).some(drawn);
  const words = (el.getAttribute("aria-label") || el.innerText || el.name || el.id).trim().slice(0, 60);
  return { tag: el.localName, words, inside, covered: covered ? hit.outerHTML.slice(0, 120) : "", ring, row: Boolean(el.closest("tbody tr")) };
}

const at = (visitor) => visitor.page.evaluate(focused);

/** Insists that the focus can be seen. */
async function inSight(visitor, after) {
  const it = await at(visitor);
  assert.ok(it, `nothing has focus ${after}`);
  assert.ok(it.inside, `${it.tag} “${it.words}” has focus outside the window ${after}`);
  assert.equal(it.covered, "", `${it.tag} “${it.words}” has focus and is covered ${after}`);
  assert.ok(it.ring, `${it.tag} “${it.words}” has focus and shows no ring ${after}`);
  return it;
}

journey("a list by keys alone", shared, async (enter) => {
  const maya = await enter(LOOKS.desktop);
  await maya.as("Technician");
  await maya.go("/devices");
  const { keyboard } = maya.page;
  const press = (...keys) => keys.reduce((done, key) => done.then(() => keyboard.press(key)), Promise.resolve());

  await press("Tab");
  assert.equal((await inSight(maya, "after the first Tab")).words, "Skip to content");
  await press("Enter");
  assert.equal((await at(maya)).tag, "main", "the skip link leads to the content");

  await press("/");
  assert.equal((await inSight(maya, "after /")).words, "Search devices");
  await keyboard.type("j/?k");
  assert.equal(await maya.page.locator("[data-filter]").inputValue(), "j/?k", "letters in a field are letters");
  await maya.page.locator("[data-filter]").fill("");
  await press("Escape");
  assert.equal(await at(maya), null, "Esc leaves the field");
  await press("Control+k");
  assert.equal((await inSight(maya, "after Ctrl K")).words, "Search");
  await press("Escape");

  await press("j", "j", "k");
  // A system's row also leads to its components; the keys go from row to row.
  const tags = await maya.page.getByRole("table").getByRole("link", { name: /^NH-/ }).allInnerTexts();
  assert.equal((await inSight(maya, "on the first row")).words, tags[0]);
  for (let n = 1; n < tags.length; n += 1) {
    await press(n % 2 ? "j" : "ArrowDown");
    assert.equal((await inSight(maya, `on row ${n + 1}`)).words, tags[n]);
  }
  await press("j");
  assert.equal((await at(maya)).words, tags.at(-1), "J stays on the last row");
  for (let n = tags.length - 2; n >= 0; n -= 1) {
    await press("k");
    assert.equal((await inSight(maya, `going up on row ${n + 1}`)).words, tags[n]);
  }

  await press("?");
  await maya.page.getByRole("dialog", { name: "Keys on this page" }).waitFor();
  await maya.sound("the list of keys");
  await press("Escape");
  await maya.page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal((await at(maya)).words, tags[0], "closing gives focus back");
  await maya.leads(() => press("Enter"));
  assert.equal(maya.where(), `/d/${tags[0]}`);
});

journey("single keys can be turned off, chords stay", shared, async (enter) => {
  const maya = await enter(LOOKS.desktop);
  await maya.as("Technician");
  await maya.go("/me");
  await maya.field("Single-key shortcuts").uncheck();
  await maya.press("Save look");
  await maya.sees("Saved.");
  await maya.go("/devices");
  for (const key of ["/", "j", "?"]) await maya.page.keyboard.press(key);
  assert.equal(await at(maya), null, "single keys are off");
  assert.equal(await maya.page.getByRole("dialog").count(), 0, "also that for the list of keys");
  await maya.page.keyboard.press("Control+k");
  assert.equal((await at(maya)).words, "Search", "chords stay");
  await maya.go("/me");
  await maya.field("Single-key shortcuts").check();
  await maya.press("Save look");
  await maya.sees("Saved.");
  await maya.go("/devices");
  await maya.page.keyboard.press("j");
  assert.ok((await inSight(maya, "after J")).row, "and on again");
});

for (const [path, role] of [["/devices", "Manager"], ["/people", "Administrator"], ["/me", "Manager"], ["/organisation", "Administrator"]]) {
  journey(`Tab through ${path} and back never hides the focus`, shared, async (enter) => {
    const visitor = await enter(LOOKS.desktop);
    await visitor.as(role);
    await visitor.go(path);
    const seen = [];
    for (let n = 0; n < 200; n += 1) {
      await visitor.page.keyboard.press("Tab");
      if (!await at(visitor)) break;
      seen.push((await inSight(visitor, `after Tab ${n + 1} on ${path}`)).words);
    }
    assert.ok(seen.length > 8, `only ${seen.length} stops on ${path}`);
    for (let n = 0; n < seen.length; n += 1) {
      await visitor.page.keyboard.press("Shift+Tab");
      if (!await at(visitor)) break;
      await inSight(visitor, `after Shift Tab ${n + 1} on ${path}`);
    }
  });
}
