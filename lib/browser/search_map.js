// The map of the search page: dots on a canvas, the hits as buttons above it; see lib/corpus_map.py.

const MARGIN = 0.06;
const APART = 25; // pixels between the middles of two markers
const NEAR = 14; // pixels from the pointer to a dot
const ASIDE = [0, -20, 20, -40, 40, -60, 60]; // pixels that a region's name may be moved
const TRIES = 60; // to push markers apart

export function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// parts: elements of the page by id; light(row, on) shows a hit and its marker; ask(query) searches.
export function makeChart(parts, light, ask) {
  const canvas = parts.chart.querySelector("canvas");
  const HOW = parts["place-name"].textContent;
  let points = null;
  let size = 0;
  let cursor = -1;
  let markers = [];
  let hits = [];

  function start(map) {
    points = map;
    hits = [];
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
    for (let step = 0; step < TRIES; step++) {
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
    hits = found;
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
}
