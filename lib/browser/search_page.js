// The search page: asks the notebook's function, shows hits and map; see lib/search_page.py.
// What comes from the corpus is put in as text, never as HTML.
import { make, makeChart } from "./search_map.js";

const at = selector => document.querySelector(selector);
const parts = Object.fromEntries(
  ["query", "corpus", "examples", "status", "failure", "empty", "hits", "map", "chart", "markers", "place-name", "place-search", "share"]
    .map(id => [id, document.getElementById(id)])
);
const UNREACHED = "The notebook does not answer: its kernel has ended, or the page was closed. " +
  "Run the cell that serves the page again. Then search again, or open the address that the cell shows.";
const SLOW_MS = 2000;
let about = null;
let asked = null; // what ends the request that is on its way
let hits = [];
const chart = makeChart(parts, light, ask);

async function get(path, values = {}, signal = undefined) {
  const reply = await fetch(`${path}?${new URLSearchParams(values)}`, { signal });
  if (!reply.ok) throw new Error(`The notebook's server says ${reply.status}.`);
  return reply.json();
}

async function readAbout() {
  about = await get("about");
  document.title = about.title;
  at("h1").textContent = about.title;
  parts.corpus.textContent = `${about.passages.toLocaleString("en")} ${about.passages === 1 ? "passage" : "passages"}`;
  parts.examples.hidden = !about.examples.length;
  parts.examples.replaceChildren(...about.examples.map(text => {
    const button = make("button", { type: "button", textContent: text });
    button.addEventListener("click", () => ask(text));
    return button;
  }));
  at("main").classList.toggle("mapped", Boolean(about.map));
  parts.map.hidden = !about.map;
  if (about.map) chart.start(about.map);
}

// Asking

async function ask(text, kept = false) {
  const query = text.trim();
  parts.query.value = text;
  if (!query) {
    parts.query.focus();
    return;
  }
  if (!kept && query !== inAddress()) history.pushState(null, "", `#q=${encodeURIComponent(query)}`);
  asked?.abort();
  const mine = asked = new AbortController();
  document.body.classList.add("busy");
  parts.status.textContent = "Searching …";
  const slow = setTimeout(() => {
    parts.status.textContent = "Searching … your function is still at work.";
  }, SLOW_MS);
  try {
    const answer = await get("search", { query }, mine.signal);
    clearTimeout(slow); // which words match may take longer than the search
    if (about?.serving !== answer.serving) await readAbout();
    if (mine !== asked) return;
    if (answer.error) fail(answer.error, true);
    else await show(query, answer, mine);
  } catch (error) {
    if (mine === asked) fail(error instanceof TypeError ? UNREACHED : error.message);
  } finally {
    clearTimeout(slow);
    if (mine === asked) document.body.classList.remove("busy");
  }
}

function fail(message, mendable = false) {
  const advice = "Mend the function in the notebook, run the cell that serves the page, and search again: this page goes on.";
  parts.failure.replaceChildren(make("p", {}, make("strong", { textContent: message })));
  if (mendable && /^(search|why) /.test(message)) parts.failure.append(make("p", { textContent: advice }));
  parts.failure.hidden = false;
  parts.status.textContent = "";
  list([]);
}

async function show(query, answer, mine) {
  parts.failure.hidden = true;
  document.title = `${query} – ${about.title}`;
  const count = answer.hits.length;
  parts.status.textContent = !count ? "" :
    `${count} ${count === 1 ? "hit" : "hits"} in ${time(answer.milliseconds)}` +
    (answer.queries > 1 ? `; the median of ${answer.queries} queries is ${time(answer.median)}.` : ".");
  list(answer.hits);
  parts.empty.hidden = Boolean(count);
  if (!count) {
    parts.empty.replaceChildren(
      make("p", {}, make("strong", { textContent: `Your search found no passage for “${query}”.` })),
      make("p", { textContent: `It took ${time(answer.milliseconds)}. Try fewer words, or others.` })
    );
    return;
  }
  document.body.classList.remove("busy"); // why they match may come later than the hits
  const found = await get("why", { query, rows: answer.hits.map(hit => hit.row) }, mine.signal);
  if (mine !== asked) return;
  if (found.error) {
    parts.failure.replaceChildren(
      make("p", {}, make("strong", { textContent: found.error })),
      make("p", { textContent: "The hits below are as your search gave them; which words matched is not known." })
    );
    parts.failure.hidden = false;
    hits.forEach(hit => hit.node.querySelector(".matches").remove());
    return;
  }
  found.hits.forEach((hit, i) => explain(hits[i], hit));
}

const time = ms => ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;

// Hits

function list(found) {
  parts.empty.hidden = true;
  hits = found.map(hit => ({ ...hit, node: entry(hit) }));
  parts.hits.replaceChildren(...hits.map(hit => hit.node));
  for (const hit of hits) cut(hit.node.querySelector(".text"));
  chart.mark(hits);
}

function entry(hit) {
  const mapped = Boolean(about.map);
  const rank = mapped ?
    make("button", { type: "button", className: "rank", textContent: hit.rank }) :
    make("span", { className: "rank", textContent: hit.rank });
  if (mapped) {
    rank.setAttribute("aria-label", `Hit ${hit.rank}: show it on the map`);
    rank.addEventListener("click", () => chart.go(hit.row));
  }
  const node = make("li", { className: "hit", tabIndex: -1 },
    rank,
    make("h2", {}, ...pieces(hit.title)),
    make("span", { className: "score", textContent: hit.score, title: "score" }),
    make("div", { className: "body" },
      make("p", { className: "text" }, ...pieces(hit.text)),
      make("p", { className: "matches", textContent: "…" })));
  const lit = on => () => light(hit.row, on);
  node.addEventListener("mouseenter", lit(true));
  node.addEventListener("mouseleave", lit(false));
  node.addEventListener("focusin", lit(true));
  node.addEventListener("focusout", lit(false));
  return node;
}

const pieces = found => found.map(([text, marked]) => marked ? make("mark", { textContent: text }) : text);

// A long passage is cut to five lines, with a button that shows the rest.
function cut(text) {
  if (text.scrollHeight < 9.5 * parseFloat(getComputedStyle(text).fontSize)) return;
  text.classList.add("cut");
  const more = make("button", { type: "button", className: "more", textContent: "Show all of it" });
  more.setAttribute("aria-expanded", "false");
  more.addEventListener("click", () => {
    const open = !text.classList.toggle("cut");
    more.setAttribute("aria-expanded", String(open));
    more.textContent = open ? "Show less" : "Show all of it";
  });
  text.after(more);
}

function explain(hit, found) {
  hit.node.querySelector("h2").replaceChildren(...pieces(found.title));
  hit.node.querySelector(".text").replaceChildren(...pieces(found.text));
  const pairs = found.matches.map(([query, passage, weight]) => {
    const same = query.toLowerCase() === passage.toLowerCase();
    const pair = make("span", { className: "pair" }, make("b", { textContent: query }));
    if (!same) pair.append(" → ", make("b", { textContent: passage }));
    if (weight) pair.append(" ", make("span", { textContent: weight }));
    return pair;
  });
  const spaced = pairs.flatMap(pair => [" ", pair]);
  hit.node.querySelector(".matches").replaceChildren(...(pairs.length ? ["Matched:", ...spaced] : ["No single words match."]));
}

function light(row, on) {
  for (const hit of hits) hit.node.classList.toggle("on", on && hit.row === row);
  for (const marker of parts.markers.children) marker.classList.toggle("on", on && Number(marker.dataset.row) === row);
}

// The query stands in the address, behind #, which no server sees: back and forward work.

const inAddress = () => new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
const again = () => inAddress() ? ask(inAddress(), true) : undefined;
at("form").addEventListener("submit", event => {
  event.preventDefault();
  ask(parts.query.value);
});
window.addEventListener("popstate", again);
readAbout().then(again, () => fail(UNREACHED));
parts.query.focus();
