// Finds the pages of the house by following links, one page of each shape.

/** Addresses that end something or hand out a file: asked for, not walked. */
const FILES = /\.(csv|txt|png|svg|json|pdf|js|css|woff2|xlsx)$|\/export$/;

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^\d+$/i;

/** The shape of an address: ids and tags left out, of the query only its names. */
export function shape(path) {
  const { pathname, searchParams } = new URL(path, "http://here");
  const parts = pathname.split("/").map((part, n, all) => (ID.test(part) || all[n - 1] === "d" ? "…" : part));
  const names = [...new Set(searchParams.keys())].sort();
  return parts.join("/") + (names.length ? `?${names.join("&")}` : "");
}

/** Parameters that choose rows of a list and change nothing else about its page. */
const CHOICES = new Set(["q", "sort", "after", "before", "below", "state", "site", "department", "model", "type", "maker"]);

/** The page's shape, whatever rows a list of it shows. */
function kind(path) {
  const { pathname, searchParams } = new URL(path, "http://here");
  for (const name of [...searchParams.keys()]) if (CHOICES.has(name)) searchParams.delete(name);
  return shape(`${pathname}?${searchParams}`);
}

/** The addresses of our own that the page in sight leads to. */
async function links(visitor) {
  const all = await visitor.page.locator("a[href]").evaluateAll((links) => links.map((a) => a.getAttribute("href")));
  return all.filter((href) => href.startsWith("/") && !href.startsWith("//")).map((href) => href.split("#")[0]);
}

/**
 * Walks from `start`, one address or several. `found` gathers the shapes of all pages, also of earlier walks; pages of a shape that an earlier
 * walk has seen are not given again. Every link whose shape is new is asked for once, so dead ones are known.
 */
export async function pagesFrom(visitor, start, found) {
  const seen = new Set();
  const pages = [];
  const dead = [];
  const ahead = [start].flat();
  while (ahead.length) {
    const path = ahead.shift();
    const name = shape(path);
    if (seen.has(name)) continue;
    seen.add(name);
    const answer = await visitor.context.request.get(path);
    if (answer.status() !== 200) { dead.push(`${path} answers ${answer.status()}`); continue; }
    if (FILES.test(new URL(path, "http://here").pathname)) continue;
    if (!answer.headers()["content-type"]?.startsWith("text/html")) continue;
    await visitor.page.goto(path, { waitUntil: "load" });
    if (!found.has(kind(path))) pages.push(path);
    found.add(kind(path));
    ahead.push(...await links(visitor));
  }
  return { pages: pages.filter((path) => path !== "/"), dead };
}
