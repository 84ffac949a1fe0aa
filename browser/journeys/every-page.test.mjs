// Every page there is, found by following links from the start page, on every screen and in both themes: no barrier,
// no sideways scroll, no script error, sound HTML. No link may be dead.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LOOKS, Visitor, demo, house, journey } from "../house.mjs";
import { pagesFrom, shape } from "../walk.mjs";

const shared = house(() => demo(300));

/** Who walks: between them they see every page. */
const WALKERS = ["Manager", "Administrator"];
/** The narrowest screen on which nothing may be lost. */
const NARROWEST = { width: 320, height: 640 };

/** Pages that a walk must have found, by their shape; a page that nothing leads to is a page nobody finds. */
const EXPECTED = [
  "/devices", "/devices/new", "/devices/import", "/d/…", "/d/…/history", "/d/…/edit", "/d/…/move", "/d/…/state",
  "/d/…/hold", "/places/…", "/models", "/models/…", "/models/…/edit", "/types", "/types/…", "/makers", "/makers/…",
  "/makers/…/edit", "/views", "/views/new", "/people", "/people/new", "/people/…", "/sites", "/sites/new", "/sites/…",
  "/sites/…/places/…", "/sites/…/departments/…", "/organisation", "/me", "/me/password", "/past", "/past/company", "/devices?as-of", "/d/…?as-of",
  "/past/company/…?as-of",
];

/** Pages of an earlier day, for whoever may look back at devices: forms lead there, and no link. */
const EARLIER = [
  "/devices?as-of=2026-06-01", "/past/company?as-of=2026-06-01", "/past/site?as-of=2016-01-01&to=2026-06-01",
];

/** Checks one page on one screen, then in the dark, then as narrow as can be. */
async function look(visitor, path, status, narrow) {
  await visitor.page.emulateMedia({ colorScheme: "light" });
  await visitor.go(path, status);
  await visitor.sound(path);
  await visitor.page.emulateMedia({ colorScheme: "dark" });
  await visitor.sound(`${path} in the dark`);
  if (narrow) {
    const { viewport } = visitor.look;
    await visitor.page.setViewportSize(NARROWEST);
    await visitor.sound(path);
    await visitor.page.setViewportSize(viewport);
  }
}

/** On paper there is the content and nothing to press. */
async function paper(visitor, path) {
  await visitor.page.emulateMedia({ media: "print", colorScheme: "light" });
  for (const css of ["nav.side", "header.top", "nav.pnav", ".btn", ".toast"]) {
    const shown = await visitor.page.locator(css).filter({ visible: true }).count();
    assert.equal(shown, 0, `${path} prints ${css}`);
  }
  const heading = visitor.page.locator("h1");
  assert.ok(await heading.isVisible(), `${path} prints its answer`);
  await visitor.page.emulateMedia({ media: "screen" });
}

test("every page of the house", async (t) => {
  const { browser, server } = shared;
  const found = new Set();
  for (const role of WALKERS) {
    const wide = await Visitor.open(browser, server, LOOKS.desktop);
    const phone = await Visitor.open(browser, server, LOOKS.phone);
    await wide.as(role);
    await phone.as(role);
    const { pages, dead } = await pagesFrom(wide, role === "Manager" ? ["/", ...EARLIER] : "/", found);
    await t.test(`no link is dead for the ${role}`, () => assert.deepEqual(dead, []));
    for (const path of pages) {
      await t.test(`${role}: ${shape(path)}`, async () => {
        await Promise.all([
          look(wide, path, 200, true).then(() => paper(wide, path)),
          look(phone, path, 200, false),
        ]);
      });
    }
    await t.test(`nothing failed on the way of the ${role}`, async () => {
      await wide.leave();
      await phone.leave();
    });
  }
  await t.test("links lead to every page", () => {
    const missing = EXPECTED.filter((page) => !found.has(page));
    assert.deepEqual(missing, [], `found ${[...found].sort().join(" ")}`);
  });
});

journey("pages that refuse: not allowed, not found, changed meanwhile", shared, async (enter) => {
  for (const screen of [LOOKS.desktop, LOOKS.phone]) {
    const tom = await enter(screen);
    await tom.as("Requester");
    await look(tom, "/people", 403, true);
    await look(tom, "/d/NO-SUCH-TAG", 404, true);
    await look(tom, "/no/such/page", 404, true);
    await stale(await enter(screen), await enter(LOOKS.desktop));
  }
});

/** Two people open the same form; the one who is slower reads what the faster one did. */
async function stale(slow, fast) {
  await slow.as("Lead");
  await fast.as("Manager");
  await slow.go("/devices?state=in_service");
  const tag = (await slow.page.locator("table tbody a").first().innerText()).trim();
  const path = `/d/${encodeURIComponent(tag)}/hold`;
  await slow.go(path);
  await fast.go(path);
  await fast.fill({ Reason: "flow above limit", "Lifted by": "flow test" });
  await fast.press("Mark as do not use");
  await fast.sees(`${tag} must not be used now.`);
  await slow.fill({ Reason: "cracked housing", "Lifted by": "visual check" });
  await slow.press("Mark as do not use");
  assert.equal(slow.answer.status(), 409);
  await slow.sees("Somebody else changed this device while you had the form open. Nothing of yours was saved.");
  await slow.sees("flow above limit");
  assert.equal(await slow.field("Reason").inputValue(), "cracked housing", "what was typed is kept");
  await slow.sound("a form that came too late");
  // Put it back as it was for whoever comes next.
  await fast.follow("Lift hold");
  await fast.page.getByRole("checkbox").check();
  await fast.fill({ Result: "100 ml/h at 100 set, analyser 12" });
  await fast.press("Lift hold");
  await fast.sees(`The hold on ${tag} is lifted.`);
}

journey("pages before anybody has signed in", shared, async (enter) => {
  for (const screen of [LOOKS.desktop, LOOKS.phone]) {
    const nobody = await enter(screen);
    await look(nobody, "/sign-in", 200, true);
  }
});
