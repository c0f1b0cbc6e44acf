// Search by meaning over the sections of the site, on the search page. The index, 4 MB, is loaded when
// somebody searches; course_site/meaning.py writes it and says what is in it.
import { tokenNumbers } from "./wordpiece.js";

const FOLDER = new URL("meaning/", import.meta.url);
const SITE = new URL("../", import.meta.url);
const SHOWN = 8;
const OF_ONE_PAGE = 2;

async function load() {
  const [index, passages, tokens, vocabulary] = await Promise.all([
    part("index.json").then(answer => answer.json()),
    part("passages.bin").then(answer => answer.arrayBuffer()),
    part("tokens.bin").then(answer => answer.arrayBuffer()),
    part("vocabulary.txt").then(answer => answer.text()),
  ]);
  index.rows = decoded(new Int8Array(passages), index.passages, index.dim);
  index.codes = new Int8Array(tokens);
  index.numbers = new Map(vocabulary.split("\n").map((piece, number) => [piece, number]));
  return index;
}

async function part(name) {
  const answer = await fetch(new URL(name, FOLDER));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
}

// The middle of each code's step, as lib.quantization.Int8 decodes; each row of length 1.
function decoded(codes, { low, step }, dim) {
  const rows = new Float32Array(codes.length);
  for (let start = 0; start < codes.length; start += dim) {
    for (let i = 0; i < dim; i++) rows[start + i] = low[i] + (codes[start + i] + 128.5) * step[i];
    unit(rows.subarray(start, start + dim));
  }
  return rows;
}

function unit(vector) {
  const length = Math.hypot(...vector) || 1;
  for (let i = 0; i < vector.length; i++) vector[i] /= length;
  return vector;
}

/** The query's vector: the sum of its pieces' vectors, of length 1; nothing for a query of no piece. */
function vectorOf(query, index) {
  const numbers = tokenNumbers(query, index.numbers);
  if (!numbers.length) return null;
  const { dim, codes, tokens: { low, step } } = index;
  const sum = new Float32Array(dim);
  for (const number of numbers) {
    for (let i = 0; i < dim; i++) sum[i] += low[i] + (codes[number * dim + i] + 128.5) * step[i];
  }
  return unit(sum);
}

/** The best sections, at most OF_ONE_PAGE of a page: [{ score, page, anchor, title, of, text }]. */
function search(query, index) {
  const vector = vectorOf(query, index);
  if (!vector) return [];
  const best = new Float32Array(index.sections.length).fill(-Infinity);
  index.owner.forEach((section, row) => {
    let score = 0;
    for (let i = 0; i < index.dim; i++) score += vector[i] * index.rows[row * index.dim + i];
    best[section] = Math.max(best[section], score);
  });
  const order = [...best.keys()].sort((a, b) => best[b] - best[a] || a - b);
  const found = [];
  const ofPage = new Map();
  for (const at of order) {
    const [page, anchor, title, of, text] = index.sections[at];
    const already = ofPage.get(page) ?? 0;
    if (already === OF_ONE_PAGE) continue;
    ofPage.set(page, already + 1);
    found.push({ score: best[at], page, anchor, title, of, text });
    if (found.length === SHOWN) break;
  }
  return found;
}

function entry({ score, page, anchor, title, of, text }) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = new URL(`${page}.html${anchor ? `#${anchor}` : ""}`, SITE);
  link.textContent = title;
  const where = document.createElement("span");
  where.className = "where";
  where.textContent = `${of ? `${of}, ` : ""}similarity ${score.toFixed(2)}`;
  const words = document.createElement("p");
  words.textContent = text;
  item.append(link, " ", where, words);
  return item;
}

async function show(query) {
  const place = document.getElementById("meaning");
  const said = place.querySelector("[role=status]");
  place.hidden = false;
  document.getElementById("words-title").hidden = false;
  said.textContent = "Searching …";
  try {
    const found = search(query, await load());
    place.querySelector("ol").replaceChildren(...found.map(entry));
    said.textContent = found.length
      ? `${found.length} sections that come closest to what you asked, whatever their words.`
      : "Type some words to search for.";
  } catch (error) {
    said.textContent = location.protocol === "file:"
      ? "Search by meaning works where the site is served: python -m http.server"
      : `Search by meaning is not there (${error.message}).`;
  }
}

const query = new URLSearchParams(location.search).get("q")?.trim();
if (query) show(query);
