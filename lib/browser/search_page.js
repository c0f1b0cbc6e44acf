// The search page: asks the notebook's function, shows hits and map; see lib/search_page.py.
// What comes from the corpus is put in as text, never as HTML.
(() => {
  "use strict";
  const at = selector => document.querySelector(selector);
  const parts = Object.fromEntries(
    ["query", "corpus", "examples", "status", "failure", "empty", "hits", "map", "chart", "markers", "place-name", "place-search", "share"]
      .map(id => [id, document.getElementById(id)])
  );
  const UNREACHED = "The notebook does not answer: its kernel has ended, or the page was closed. " +
    "Run the cell that serves the page again. Then search again, or open the address that the cell shows.";
  const SLOW_MS = 2000;
  const TRIES_A_STEP = 60;
  let about = null;
  let asked = null; // what ends the request that is on its way
  let hits = [];

  function make(tag, properties = {}, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

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

  // The map: dots on a canvas, the hits as buttons above it

  const chart = (() => {
    const canvas = parts.chart.querySelector("canvas");
    const MARGIN = 0.06;
    const APART = 25; // pixels between the middles of two markers
    const NEAR = 14; // pixels from the pointer to a dot
    const ASIDE = [0, -20, 20, -40, 40, -60, 60]; // pixels that a region's name may be moved
    const HOW = parts["place-name"].textContent;
    let points = null;
    let size = 0;
    let cursor = -1;
    let markers = [];

    function start(map) {
      points = map;
      cursor = -1;
      tell(-1);
      parts.share.textContent = map.share === null ? "" :
        `A flat map cannot show everything: these two directions keep ${Math.round(100 * map.share)}% of the differences between the passages.`;
      resize();
    }

    const askFor = row => ask(points.titles[row].slice(0, parts.query.maxLength));
    const x = i => (MARGIN + (1 - 2 * MARGIN) * points.x[i]) * size;
    const y = i => (1 - MARGIN - (1 - 2 * MARGIN) * points.y[i]) * size;

    function resize() {
      if (!points) return;
      size = parts.chart.clientWidth;
      const dense = window.devicePixelRatio || 1;
      canvas.width = canvas.height = Math.round(size * dense);
      canvas.getContext("2d").setTransform(dense, 0, 0, dense, 0, 0);
      spread();
      draw();
    }

    // Markers whose places are the same are pushed apart, and a line leads to the place.
    function spread() {
      markers = hits.map((hit, i) => ({ row: hit.row, left: x(hit.row) + 0.1 * i, top: y(hit.row) + 0.07 * i }));
      for (let step = 0; step < TRIES_A_STEP; step++) {
        markers.forEach((a, i) => markers.slice(i + 1).forEach(b => {
          const [dx, dy] = [b.left - a.left, b.top - a.top];
          const far = Math.hypot(dx, dy) || 1e-3;
          if (far >= APART) return;
          const push = (APART - far) / 2 / far;
          a.left -= dx * push; a.top -= dy * push;
          b.left += dx * push; b.top += dy * push;
        }));
        for (const marker of markers) {
          marker.left = Math.min(Math.max(marker.left, 13), size - 13);
          marker.top = Math.min(Math.max(marker.top, 13), size - 13);
        }
      }
      markers.forEach((marker, i) => {
        const style = parts.markers.children[i]?.style;
        if (style) Object.assign(style, { left: `${marker.left}px`, top: `${marker.top}px` });
      });
    }

    function draw() {
      const pen = canvas.getContext("2d");
      const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
      pen.clearRect(0, 0, size, size);
      pen.fillStyle = colour("dot");
      const radius = points.x.length > 2000 ? 1.6 : 2.5;
      for (let i = 0; i < points.x.length; i++) {
        pen.beginPath();
        pen.arc(x(i), y(i), radius, 0, 7);
        pen.fill();
      }
      label(pen, colour);
      pen.strokeStyle = colour("accent");
      pen.fillStyle = colour("accent");
      pen.lineWidth = 1.5;
      for (const marker of markers) {
        pen.beginPath();
        pen.moveTo(x(marker.row), y(marker.row));
        pen.lineTo(marker.left, marker.top);
        pen.stroke();
        pen.beginPath();
        pen.arc(x(marker.row), y(marker.row), 3, 0, 7);
        pen.fill();
      }
      if (cursor < 0) return;
      pen.strokeStyle = colour("ink");
      pen.lineWidth = 2.5;
      pen.beginPath();
      pen.arc(x(cursor), y(cursor), 7, 0, 7);
      pen.stroke();
    }

    // Names of regions, largest first, a little aside where a marker or an earlier name is, or left out.
    function label(pen, colour) {
      const boxes = markers.map(({ left, top }) => ({ left, top, wide: 13, high: 13 }));
      pen.font = "600 12px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      for (const [name, across, up] of points.regions) {
        const lines = wrapped(name);
        const wide = Math.max(...lines.map(line => pen.measureText(line).width)) / 2 + 4;
        const high = 7.5 * lines.length + 2;
        const left = Math.min(Math.max((MARGIN + (1 - 2 * MARGIN) * across) * size, wide), size - wide);
        const middle = (1 - MARGIN - (1 - 2 * MARGIN) * up) * size;
        const top = ASIDE.map(by => middle + by).find(height => height >= high && height <= size - high && boxes.every(
          box => Math.abs(box.left - left) >= box.wide + wide || Math.abs(box.top - height) >= box.high + high
        ));
        if (top === undefined) continue;
        boxes.push({ left, top, wide, high });
        lines.forEach((line, i) => {
          const height = top + 15 * (i - (lines.length - 1) / 2);
          pen.lineWidth = 4;
          pen.lineJoin = "round";
          pen.strokeStyle = colour("raised");
          pen.strokeText(line, left, height);
          pen.fillStyle = colour("ink");
          pen.fillText(line, left, height);
        });
      }
    }

    function wrapped(name) {
      const lines = [""];
      for (const word of name.split(" ")) {
        if (lines.at(-1) && lines.at(-1).length + word.length > 16) lines.push("");
        lines.push(`${lines.pop()} ${word}`.trim());
      }
      return lines.length > 3 ? [...lines.slice(0, 2), `${lines[2]} …`] : lines;
    }

    function mark(found) {
      parts.markers.replaceChildren(...found.filter(() => points).map(hit => {
        const name = points.titles[hit.row];
        const marker = make("button", { type: "button", className: "marker", textContent: hit.rank, title: name });
        marker.dataset.row = hit.row;
        marker.setAttribute("aria-label", `Hit ${hit.rank} on the map: ${name}`);
        marker.addEventListener("mouseenter", () => { light(hit.row, true); move(hit.row); });
        marker.addEventListener("mouseleave", () => light(hit.row, false));
        marker.addEventListener("focus", () => { light(hit.row, true); move(hit.row); });
        marker.addEventListener("blur", () => light(hit.row, false));
        marker.addEventListener("click", () => hit.node.focus());
        return marker;
      }));
      if (points) { spread(); draw(); }
    }

    function go(row) {
      const marker = [...parts.markers.children].find(one => Number(one.dataset.row) === row);
      marker?.focus();
      marker?.scrollIntoView({ block: "nearest" });
    }

    function tell(row) {
      parts["place-name"].textContent = row < 0 ? HOW : points.titles[row];
      parts["place-search"].hidden = row < 0;
    }

    function move(row) {
      if (row === cursor) return;
      cursor = row;
      tell(row);
      draw();
    }

    function nearest(left, top, within, allowed = () => true) {
      let [best, least] = [-1, within];
      for (let i = 0; i < points.x.length; i++) {
        const far = Math.hypot(x(i) - left, y(i) - top);
        if (far < least && allowed(i)) [best, least] = [i, far];
      }
      return best;
    }

    // By an arrow to the nearest dot in a quarter of the plane; the first one goes to the middle.
    function step(dx, dy) {
      if (cursor < 0) return move(hits.length ? hits[0].row : nearest(size / 2, size / 2, Infinity));
      const [left, top] = [x(cursor), y(cursor)];
      const found = nearest(left, top, Infinity, i => {
        const along = (x(i) - left) * dx + (y(i) - top) * dy;
        const across = Math.abs((x(i) - left) * dy) + Math.abs((y(i) - top) * dx);
        return along > 3 && along >= across;
      });
      return found < 0 ? undefined : move(found);
    }

    parts.chart.addEventListener("keydown", event => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!points || event.altKey || event.ctrlKey || event.metaKey) return;
      if (way) step(...way);
      else if (event.key === "Enter" && cursor >= 0) askFor(cursor);
      else return;
      event.preventDefault();
    });
    const point = event => {
      if (!points) return;
      const box = parts.chart.getBoundingClientRect();
      const row = nearest(event.clientX - box.left, event.clientY - box.top, event.type === "click" ? 3 * NEAR : NEAR);
      if (row >= 0) move(row);
    };
    parts.chart.addEventListener("mousemove", point);
    parts.chart.addEventListener("click", point);
    parts["place-search"].addEventListener("click", () => askFor(cursor));
    new ResizeObserver(resize).observe(parts.chart);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => points && draw());
    return { start, mark, go };
  })();

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
})();
