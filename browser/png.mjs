// Makes screenshots small: a page has few colours, so its picture fits a palette. Nothing but Node's own zlib.

import * as zlib from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const table = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
/** Newer versions of Node bring it along. */
const crc32 = zlib.crc32 ?? ((bytes) => {
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
});

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** The pixels of a screenshot: 8 bits a channel, RGB or RGBA, not interlaced. */
function decode(png) {
  const parts = [];
  let head;
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") head = data;
    if (type === "IDAT") parts.push(data);
    at += length + 12;
  }
  const [width, height, depth, colour] = [head.readUInt32BE(0), head.readUInt32BE(4), head[8], head[9]];
  if (depth !== 8 || (colour !== 2 && colour !== 6) || head[12] !== 0) throw new Error("not a screenshot's PNG");
  const step = colour === 6 ? 4 : 3;
  return { width, height, step, pixels: unfilter(zlib.inflateSync(Buffer.concat(parts)), width * step, height, step) };
}

/** Undoes the filter of each row. */
function unfilter(raw, row, height, step) {
  const out = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x += 1) {
      const left = x >= step ? out[y * row + x - step] : 0;
      const up = y > 0 ? out[(y - 1) * row + x] : 0;
      const corner = x >= step && y > 0 ? out[(y - 1) * row + x - step] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[y * row + x] = raw[y * (row + 1) + 1 + x] + guess;
    }
  }
  return out;
}

function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

/** The same picture with as many colours as asked for; the commonest stay exact, the others take the nearest of them. */
export function small(png, most = 40) {
  const { width, height, step, pixels } = decode(png);
  const counts = new Map();
  const colourAt = (n) => (pixels[n] << 16) | (pixels[n + 1] << 8) | pixels[n + 2];
  for (let n = 0; n < pixels.length; n += step) counts.set(colourAt(n), (counts.get(colourAt(n)) ?? 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, most).map(([colour]) => colour);
  const index = new Map(palette.map((colour, n) => [colour, n]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = colourAt((y * width + x) * step);
      if (!index.has(colour)) index.set(colour, nearest(palette, colour));
      rows[y * (width + 1) + 1 + x] = index.get(colour);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
  const data = zlib.deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([SIGNATURE, chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function nearest(palette, colour) {
  let [best, least] = [0, Infinity];
  for (const [n, known] of palette.entries()) {
    const far = ((known >> 16) - (colour >> 16)) ** 2
      + (((known >> 8) & 255) - ((colour >> 8) & 255)) ** 2 + ((known & 255) - (colour & 255)) ** 2;
    if (far < least) [best, least] = [n, far];
  }
  return best;
}
