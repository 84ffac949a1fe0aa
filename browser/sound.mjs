// What holds on every page, whatever it is about. Each finding is one line.

/** Looks at the HTML as it was sent: nothing in it may need a hole in the content policy. */
export function inText(html) {
  const found = [];
  const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
  const sins = [
    [/\sstyle\s*=/i, "a style attribute"],
    [/\son[a-z]+\s*=\s*["']/i, "an inline handler"],
    [/^<script(?![^>]*\ssrc=)/i, "an inline script"],
    [/^<style/i, "a style element"],
    [/(?:href|action|src)\s*=\s*["']?\s*javascript:/i, "a javascript: address"],
  ];
  for (const tag of tags) {
    for (const [sin, name] of sins) if (sin.test(tag)) found.push(`${name}: ${tag.slice(0, 160)}`);
  }
  return found;
}

/** Runs inside the page: it must stand by itself, so everything it needs is written here. */
export function inPage(width) {
  const found = [];
  const all = (css, from = document) => [...from.querySelectorAll(css)];
  const short = (el) => el.outerHTML.replace(/\s+/g, " ").slice(0, 140);

  if (all("h1").length !== 1) found.push(`${all("h1").length} h1 instead of one`);
  if (all("main").length !== 1) found.push(`${all("main").length} main instead of one`);
  if (!/\S.* · Baton$/.test(document.title)) found.push(`the title is “${document.title}”`);
  if (!document.documentElement.lang) found.push("the page names no language");

  const ids = new Map();
  for (const el of all("[id]")) ids.set(el.id, (ids.get(el.id) ?? 0) + 1);
  for (const [id, n] of ids) if (n > 1) found.push(`the id ${id} stands ${n} times`);
  for (const el of all("label[for]")) if (!ids.has(el.htmlFor)) found.push(`a label for nothing: ${short(el)}`);
  for (const el of all('a[href^="#"]')) {
    const id = decodeURIComponent(el.getAttribute("href").slice(1));
    if (id && !ids.has(id)) found.push(`a link to a place that is not on the page: ${short(el)}`);
  }

  for (const el of all("input:not([type=hidden]),select,textarea")) {
    const label = [...(el.labels ?? [])].map((one) => one.textContent.trim()).join(" ");
    const other = el.getAttribute("aria-label") || el.getAttribute("aria-labelledby");
    if (!label && !other) found.push(`a control without a label: ${short(el)}`);
  }
  for (const el of all("form")) {
    // Asked for by attribute: a field named "id" or "method" would answer instead of the form.
    const [id, method] = [el.getAttribute("id"), el.getAttribute("method")];
    if (method === "post" && !el.querySelector("button,input[type=submit]")
      && !document.querySelector(`button[form="${id}"]`)) found.push(`a form nobody can send: ${short(el)}`);
  }
  // The answer comes first: buttons follow it, also where they stand on a phone.
  const [answer, acts] = [all("main h1")[0], all(".acts")[0]];
  if (answer && acts) {
    const after = answer.compareDocumentPosition(acts) & Node.DOCUMENT_POSITION_FOLLOWING;
    const inBar = getComputedStyle(acts).position === "fixed";
    const below = inBar || acts.getBoundingClientRect().top >= answer.getBoundingClientRect().bottom;
    if (!after || !below) found.push("the page's buttons stand before its answer");
  }
  if (all("input[type=date]").length) found.push("a date in the order of the browser's language, not of the house");

  // A value that is missing must not show as one of these.
  const words = document.body.innerText.match(/\b(undefined|null|NaN|None\(|Some\(|\[object)\b.{0,20}/);
  if (words) found.push(`a program's word on the page: “${words[0]}”`);

  const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (wide > width) {
    const scrolls = (el) => el && (/auto|scroll|hidden|clip/.test(getComputedStyle(el).overflowX) || scrolls(el.parentElement));
    const beyond = all("body *").filter((el) => {
      const box = el.getBoundingClientRect();
      return box.width > 0 && box.right > width + 1 && !scrolls(el.parentElement);
    });
    const names = beyond.slice(0, 5).map((el) => `${short(el)} ends at ${Math.round(el.getBoundingClientRect().right)}`);
    found.push(`the page is ${wide} px wide and scrolls sideways: ${names.join(" | ")}`);
  }
  return found;
}
