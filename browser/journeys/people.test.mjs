// An administrator gives somebody an account for one department; what that person sees, and how their sessions end.

import assert from "node:assert/strict";

import { LOOKS, demo, house, journey } from "../house.mjs";

const shared = house(demo);
const NEW = { name: "Wanda Pereira", email: "wanda.pereira@northfield.example", password: "lantern quilt harbour seven" };
const ONE_TIME = /\b(?:[a-z2-9]{4}-){3}[a-z2-9]{4}\b/;

/** The tags on the page, in the order of the list. */
async function tags(visitor) {
  const links = visitor.page.locator("table tbody a");
  return (await links.allInnerTexts()).map((text) => text.trim());
}

/** Adds the person as a requester of the first unit of critical care; gives back the password and the place. */
async function add(admin) {
  await admin.follow("People");
  await admin.sound();
  await admin.follow("Add person");
  await admin.fill({ Name: NEW.name, "E-mail": "not an address" });
  await admin.field("Role").selectOption({ label: "Requester" });
  const places = await admin.field("Where").locator("option").allInnerTexts();
  const place = places.find((words) => words.startsWith("Critical care,"));
  assert.ok(place, `no critical care among ${places.join("; ")}`);
  await admin.field("Where").selectOption({ label: place });
  // The browser itself would stop this address; the server must not rely on that.
  await admin.page.locator("form[action='/people/new']").evaluate((form) => { form.noValidate = true; });
  await admin.press("Add person");
  assert.equal(admin.answer.status(), 422);
  assert.equal(await admin.field("Name").inputValue(), NEW.name, "what was typed is kept");
  assert.equal(await admin.field("Where").locator("option:checked").innerText(), place, "what was chosen is kept");
  await admin.sound("/people/new with an error");
  await admin.fill({ "E-mail": NEW.email });
  await admin.press("Add person");
  await admin.sound("the one-time password");
  const [password] = ONE_TIME.exec(await admin.page.locator("main").innerText()) ?? [];
  assert.ok(password, "a one-time password is shown");
  return { password, place };
}

journey("a requester of one department sees its devices and no others", shared, async (enter) => {
  const admin = await enter(LOOKS.desktop);
  await admin.as("Administrator");
  const { password, place } = await add(admin);
  await admin.follow("Done");
  await admin.sees(`${NEW.name} holds 1 role and has never signed in.`);
  assert.doesNotMatch(await admin.page.content(), new RegExp(password), "the password is not shown again");

  const wanda = await enter(LOOKS.phone);
  await wanda.signIn(NEW.email, password);
  assert.equal(wanda.where(), "/me/password", "the first sign-in asks for a password of their own");
  await wanda.go("/devices");
  assert.equal(wanda.where(), "/me/password", "nothing else is shown before");
  await wanda.sound();
  await wanda.fill({ "One-time password": password, "New password": NEW.password, "New password again": "something else" });
  await wanda.press("Change password");
  assert.equal(wanda.answer.status(), 422);
  await wanda.sound("/me/password with an error");
  await wanda.fill({ "One-time password": password, "New password": NEW.password, "New password again": NEW.password });
  await wanda.press("Change password");
  await wanda.sees("Password changed. All other browsers are signed out.");

  await wanda.go("/devices");
  const own = await tags(wanda);
  assert.ok(own.length > 0, `there are devices of ${place}`);
  await wanda.leads(wanda.page.locator("table tbody a").first());
  await wanda.sees("Critical care");
  await wanda.sound();
  assert.equal(await wanda.page.getByRole("link", { name: "Change state" }).count(), 0, "a requester changes nothing");

  const manager = await enter(LOOKS.desktop);
  await manager.as("Manager");
  await manager.go("/devices?sort=state");
  const others = (await tags(manager)).filter((tag) => !own.includes(tag));
  const foreign = await notOwned(manager, others);
  await wanda.go(`/d/${encodeURIComponent(foreign)}`, 404);
  await wanda.sound("a device out of sight");
  await wanda.go(`/d/${encodeURIComponent(foreign)}/history`, 403);
  await wanda.go(`/devices?q=${encodeURIComponent(foreign)}`);
  await wanda.sees(`No device matches “${foreign}”.`);
  await wanda.go(`/d/${encodeURIComponent(own[0])}`);
});

/** The first of these devices that critical care does not own. */
async function notOwned(manager, candidates) {
  for (const tag of candidates) {
    await manager.go(`/d/${encodeURIComponent(tag)}`);
    if (!/Critical care/.test(await manager.page.locator("main").innerText())) return tag;
  }
  throw new Error("all devices belong to critical care");
}

journey("signing out everywhere ends the session of the other browser", shared, async (enter) => {
  const here = await enter(LOOKS.desktop);
  const there = await enter(LOOKS.phoneDark);
  await here.as("Auditor");
  await there.as("Auditor");
  await there.go("/devices");
  await here.go("/me");
  await here.sees("You are signed in on 2 browsers.");
  await here.sound();
  await here.press("Sign out everywhere");
  assert.equal(here.where(), "/sign-in");
  await there.go("/devices");
  assert.equal(there.where(), "/sign-in?next=%2Fdevices");
  await there.sound();
  await there.fill({ "Work e-mail": "ruth.lindqvist@northfield.example", Password: "wrong password entirely" });
  await there.press("Sign in");
  assert.equal(there.answer.status(), 422);
  await there.sees("The e-mail address or the password is wrong.");
  assert.equal(await there.field("Work e-mail").inputValue(), "ruth.lindqvist@northfield.example");
  await there.sound("/sign-in with an error");
});

journey("an account that is switched off is out at once", shared, async (enter) => {
  const gone = await enter(LOOKS.desktop);
  await gone.as("Executive");
  const admin = await enter(LOOKS.desktop);
  await admin.as("Administrator");
  await admin.go("/people?q=helen");
  await admin.follow("Helen Marsh");
  await admin.press("Switch off");
  await admin.sees("Helen Marsh is signed out everywhere and cannot sign in.");
  await gone.go("/devices");
  assert.equal(gone.where(), "/sign-in?next=%2Fdevices");
});
