// A workbook made by hand, for journeys: no library writes what a hospital's old list looks like.

import { crc32, deflateRawSync } from "node:zlib";

const NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** The letters over a column: 0 is A. */
const letters = (at) => (at < 26 ? "" : letters(Math.floor(at / 26) - 1)) + String.fromCharCode(65 + (at % 26));

/** A cell: texts as texts, numbers as numbers, a `Date` as a day of the 1900 calendar. */
function cell(value, at, row) {
  const place = `r="${letters(at)}${row}"`;
  if (value === "" || value === null) return "";
  if (value instanceof Date) return `<c ${place} s="1"><v>${value.getTime() / 86_400_000 + 25_569}</v></c>`;
  if (typeof value === "number") return `<c ${place}><v>${value}</v></c>`;
  return `<c ${place} t="inlineStr"><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
}

function sheet(rows) {
  const lines = rows.map((cells, n) => `<row r="${n + 1}">${cells.map((v, at) => cell(v, at, n + 1)).join("")}</row>`);
  return `<worksheet xmlns="${NS}"><sheetData>${lines.join("")}</sheetData></worksheet>`;
}

/** Packs parts as a ZIP archive. */
function zipped(parts) {
  const bodies = [], entries = [];
  let offset = 0;
  for (const [name, text] of parts) {
    const bytes = Buffer.from(text), packed = deflateRawSync(bytes), path = Buffer.from(name);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), head, path, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    entries.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00", "latin1"), head, rest, path]));
    bodies.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(entries), end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, central, end]);
}

/** A workbook of sheets, each with its rows: `{ Inventory: [["Tag", "Maker"], ["NH-1", "Helion"]] }`. */
export function workbook(sheets) {
  const names = Object.keys(sheets);
  const all = (make) => names.map((name, n) => make(escaped(name), n + 1)).join("");
  return zipped([
    ["[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"],
    ["_rels/.rels", `<Relationships xmlns="${PACKAGE}"><Relationship Id="rId1" Type="${REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ["xl/workbook.xml", `<workbook xmlns="${NS}" xmlns:r="${REL}"><sheets>${all((name, n) => `<sheet name="${name}" sheetId="${n}" r:id="rId${n}"/>`)}</sheets></workbook>`],
    ["xl/_rels/workbook.xml.rels", `<Relationships xmlns="${PACKAGE}">${all((_, n) => `<Relationship Id="rId${n}" Type="${REL}/worksheet" Target="worksheets/sheet${n}.xml"/>`)}</Relationships>`],
    ["xl/styles.xml", `<styleSheet xmlns="${NS}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`],
    ...names.map((name, n) => [`xl/worksheets/sheet${n + 1}.xml`, sheet(sheets[name])]),
  ]);
}
