// What journeys share: a server of their own, a visitor who looks at pages through one screen, and the checks that
// hold on every page whatever it is about.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { axeSource, batonPath, launch, outFolder } from "./run.mjs";
import { inPage, inText } from "./sound.mjs";

/** How long anything that should appear may take; generous, because machines that test are busy. */
const PATIENCE = 15_000;
/** No journey takes longer than this. */
const LONGEST = 120_000;
/** Creating a hospital takes longer than a page. */
const START = 60_000;

/** The screens. A phone has touch and the mobile browser's ways with width. */
export const LOOKS = {
  desktop: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  desktopDark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "light" },
  phoneDark: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "dark" },
};

// ---- servers ----

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** The environment without what would configure the program: journeys say themselves how it runs. */
const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("BATON_")));

/** Starts the program and waits for the first line of its output that `read` makes something of. */
async function start(args, folder, read) {
  const child = spawn(batonPath(), args, { env: bare, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let said = "";
  const gone = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const facts = await new Promise((resolve, reject) => {
    let out = "";
    const fail = (what) => reject(new Error(`${what}:\n${out}${said}`));
    const late = setTimeout(fail, START, "the program did not say where it answers");
    child.stdout.on("data", (bytes) => {
      out = (out + bytes).slice(-100_000);
      const found = out.split("\n").slice(0, -1).map(read).find(Boolean);
      if (found) { clearTimeout(late); resolve(found); }
    });
    child.stderr.on("data", (bytes) => { said = (said + bytes).slice(-4_000); });
    void gone.then(({ code }) => { clearTimeout(late); fail(`the program ended with ${code}`); });
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
    const { code, signal } = await gone;
    clearTimeout(late);
    running.delete(child);
    rmSync(folder, { recursive: true, force: true });
    assert.equal(signal ?? code, 0, `the server did not stop by itself when asked:\n${said}`);
  };
  return { ...facts, stop };
}

const folderFor = (what) => mkdtempSync(join(tmpdir(), `baton-${what}-`));

/** The demonstration hospital on a free port. */
export function demo(devices = 300) {
  const folder = folderFor("demo");
  const args = ["demo", "--devices", String(devices), "--data-dir", folder, "--port", "0", "--json"];
  return start(args, folder, (line) => {
    if (!line.startsWith("{")) return null;
    const { ok, url, password, sign_ins: signIns } = JSON.parse(line);
    // One password opens all accounts of the demonstration.
    return ok ? { url, signIns: signIns.map((who) => ({ password, ...who })) } : null;
  });
}

/** A server over an empty database, as after the first start, with the address it printed. */
export function nothingYet() {
  const folder = folderFor("empty");
  const args = ["serve", "--database", `sqlite://${join(folder, "baton.sqlite")}`, "--listen", "127.0.0.1:0"];
  return start(args, folder, (line) => {
    const found = /(http:\/\/[^/\s]+)\/set-up\?code=(\S+)/.exec(line);
    return found && { url: found[1], setUp: found[0], code: found[2] };
  });
}

// ---- visitors ----

async function axe(page) {
  if (!await page.evaluate("Boolean(window.axe)")) await page.evaluate(axeSource());
  const { violations } = await page.evaluate(
    `axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } })`,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 4).map((node) => {
      const why = node.failureSummary.split("\n").slice(1).map((line) => line.trim()).join("; ");
      return `axe ${id} (${help}) at ${node.target.join(" ")}: ${node.html.slice(0, 160)}: ${why.slice(0, 300)}`;
    }));
}

/** What a browser says about a page that answers 4xx; pages are allowed to, files they ask for are not. */
const FAILED_LOAD = /^Failed to load resource/;

/** One person in one browser window. Collects everything that must not happen on the way. */
export class Visitor {
  constructor(server, context, page, look) {
    Object.assign(this, { server, context, page, look, script: true, troubles: [], answer: null });
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => this.troubles.push(`script failed on ${page.url()}: ${error.stack ?? error}`));
    page.on("console", (message) => this.#heard(message));
    page.on("response", (response) => this.#got(response));
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // A page that is left behind stops what it was still loading; a download is handed on.
      if (why !== "net::ERR_ABORTED") this.troubles.push(`${request.url()} failed: ${why}`);
    });
  }

  /** Opens a window. `script: false` is a browser that runs none. */
  static async open(browser, server, look, { script = true } = {}) {
    const context = await browser.newContext({
      ...look, baseURL: server.url, javaScriptEnabled: script, reducedMotion: "reduce", locale: "en-GB",
    });
    return Object.assign(new Visitor(server, context, await context.newPage(), look), { script });
  }

  #heard(message) {
    if (message.type() !== "error" && message.type() !== "warning") return;
    const text = message.text();
    // Violations of the content policy arrive here as errors too.
    if (FAILED_LOAD.test(text) && message.location().url === this.answer?.url()) return;
    this.troubles.push(`console ${message.type()} on ${this.page.url()}: ${text}`);
  }

  #got(response) {
    const request = response.request();
    if (request.isNavigationRequest() && request.frame() === this.page.mainFrame()) {
      this.answer = response;
    }
    if (response.status() >= 500) this.troubles.push(`${request.method()} ${request.url()} answered ${response.status()}`);
  }

  /** Goes to an address and insists on how it is answered. */
  async go(path, status = 200) {
    await this.page.goto(path, { waitUntil: "load" });
    assert.equal(this.answer.status(), status, `GET ${path}`);
  }

  /** Does something that leads to another page, and waits for that page. */
  async leads(act) {
    const arrived = this.page.waitForEvent("framenavigated", { predicate: (frame) => frame === this.page.mainFrame() });
    await Promise.all([arrived, typeof act === "function" ? act() : act.click()]);
    await this.page.waitForLoadState("load");
  }

  /** Presses a button that sends a form. */
  async press(name) {
    await this.leads(this.page.getByRole("button", { name, exact: typeof name === "string" }));
  }

  /** Follows a link. */
  async follow(name) {
    await this.leads(this.page.getByRole("link", { name, exact: typeof name === "string" }).first());
  }

  /** The control with this label; "optional" behind the label is no part of its name. */
  field(label) {
    const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return this.page.getByLabel(new RegExp(`^${escaped}( optional)?$`));
  }

  /** Fills the fields with these labels. */
  async fill(answers) {
    for (const [label, text] of Object.entries(answers)) await this.field(label).fill(text);
  }

  /** Waits until a text stands on the page. */
  async sees(text) {
    await this.page.locator("body").getByText(text).filter({ visible: true }).first().waitFor();
  }

  /** The page's own sentence. */
  heading() {
    return this.page.locator("h1").innerText();
  }

  /** The path and query of the page. */
  where() {
    return this.page.url().slice(this.server.url.length);
  }

  async signIn(email, password) {
    await this.go("/sign-in");
    await this.fill({ "Work e-mail": email, Password: password });
    await this.press("Sign in");
  }

  /** Signs in as the demonstration's person of a role. */
  async as(role) {
    const who = this.server.signIns.find((one) => one.role.toLowerCase() === role.toLowerCase());
    assert.ok(who, `the demonstration has no ${role}`);
    await this.signIn(who.email, who.password);
    assert.ok(!this.where().startsWith("/sign-in"), `${who.email} could not sign in`);
    return who;
  }

  /** Everything that holds on every page: see sound.mjs. Then axe-core with every rule it has. */
  async sound(where = this.where()) {
    const found = inText(await this.answer.text());
    found.push(...await this.page.evaluate(inPage, this.page.viewportSize().width));
    found.push(...await this.barriers());
    assert.deepEqual(found, [], `${where} as ${this.screen()}:\n  ${found.join("\n  ")}\n`);
  }

  /** What axe-core finds, a line each. No rule is disabled; the one it leaves off by itself is switched on. */
  async barriers() {
    return this.script ? axe(this.page) : this.#barriersWithoutScript();
  }

  /** axe-core is a script itself, so it looks at the same answer in a window that runs axe-core and nothing else. */
  async #barriersWithoutScript() {
    const html = await this.answer.text();
    const context = await this.context.browser().newContext({ ...this.look, baseURL: this.server.url });
    try {
      const twin = await context.newPage();
      await twin.route("**/*", (route) => {
        const kind = route.request().resourceType();
        if (kind === "document") return route.fulfill({ contentType: "text/html; charset=utf-8", body: html });
        return kind === "script" ? route.abort() : route.continue();
      });
      await twin.goto(this.where(), { waitUntil: "load" });
      return await axe(twin);
    } finally {
      await context.close();
    }
  }

  screen() {
    const { width, height } = this.page.viewportSize();
    return `${width}×${height}`;
  }

  /** Leaves, insisting that nothing went wrong on the way. */
  async leave() {
    await this.context.close();
    assert.deepEqual(this.troubles, [], `on the way:\n  ${this.troubles.join("\n  ")}\n`);
  }
}

// ---- journeys ----

/** Gives a file of journeys one browser and, if wanted, one server that all of them use. */
export function house(opens) {
  const shared = {};
  before(async () => {
    shared.browser = await launch();
    if (opens) shared.server = await opens();
  });
  after(async () => {
    await shared.browser?.close();
    await shared.server?.stop();
  });
  return shared;
}

/**
 * One journey. `enter(look, options)` brings in another visitor. When it fails, a picture of each window is left in
 * out/, and what went wrong on the way is told with the failure.
 */
export function journey(name, shared, body, { opens } = {}) {
  test(name, { timeout: LONGEST }, async () => {
    const server = opens ? await opens() : shared.server;
    const visitors = [];
    const enter = async (look, options) => {
      const visitor = await Visitor.open(shared.browser, server, look, options);
      visitors.push(visitor);
      return visitor;
    };
    try {
      await body(enter, server);
      for (const visitor of visitors) await visitor.leave();
    } catch (failure) {
      await pictures(name, visitors);
      const troubles = visitors.flatMap((visitor) => visitor.troubles);
      if (troubles.length) failure.message += `\non the way:\n  ${troubles.join("\n  ")}`;
      throw failure;
    } finally {
      for (const visitor of visitors) await visitor.context.close();
      if (opens) await server.stop();
    }
  });
}

async function pictures(name, visitors) {
  mkdirSync(outFolder, { recursive: true });
  const stem = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  for (const [n, { page }] of visitors.entries()) {
    // The failure is what matters; a window that cannot be drawn any more must not hide it.
    await page.screenshot({ path: join(outFolder, `${stem}-${n + 1}.png`), fullPage: true }).catch(() => {});
  }
}
