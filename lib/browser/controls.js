// Drives the plotly figure that follows this script's own element; see lib/_explore_show.py.
(() => {
  "use strict";
  const host = document.currentScript.closest(".explorable");
  const place = host.querySelector(".explorable-controls");
  const INSTANTLY = {
    mode: "immediate", transition: { duration: 0 }, frame: { duration: 0, redraw: true },
  };
  const PATIENCE_MS = 120000;
  const EVERY_MS = 150;

  // The first one after the controls: in JupyterLab one of the same cell.
  function next(selector) {
    const area = host.closest(".jp-OutputArea") ?? document;
    return [...area.querySelectorAll(selector)].find(
      node => host.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING
    );
  }

  function wait(until) {
    const figure = next(".jp-RenderedPlotly, .plotly-figure, .js-plotly-plot");
    const reading = next(".explorable-reading");
    const saved = figure?.querySelector(":scope > img.plot-img");
    if (saved?.src && !figure.querySelector(".plot-container")) {
      // JupyterLab shows a picture from the notebook's file until a mouse comes by.
      saved.dispatchEvent(new MouseEvent("mouseenter"));
    }
    const spec = figure?.layout?.meta?.explore;
    if (spec && reading && window.Plotly) return start(figure, spec, reading);
    if (performance.now() < until) setTimeout(wait, EVERY_MS, until);
    return undefined;
  }

  function start(figure, spec, reading) {
    const [said, tabled] = ["[role=status]", ".explorable-table"].map(part => reading.querySelector(part));
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", host.dataset.alt);
    figure.querySelector(":scope > img.plot-img")?.setAttribute("alt", host.dataset.alt);
    const state = spec.controls.map(control => control.start);
    const inputs = spec.controls.map((control, i) => make(control, i, change));
    const names = () => spec.joint ? [state.join(".")] : state.map((chosen, i) => `${i}.${chosen}`);
    const options = i => {
      const found = spec.controls[i].options;
      return Array.isArray(found[0]) ? found[state[i - 1]] : found;
    };
    spec.controls.forEach((_, i) => fill(i));
    keepHeight(figure);
    tell();

    function fill(i) {
      const { input, shown } = inputs[i];
      if (!spec.controls[i].slides) {
        input.replaceChildren(...options(i).map((label, value) => new Option(label, value)));
      } else {
        input.max = options(i).length - 1;
        input.setAttribute("aria-valuetext", options(i)[state[i]]);
        shown.textContent = options(i)[state[i]];
      }
      input.value = state[i];
    }

    async function change(i, value) {
      state[i] = value;
      if (Array.isArray(spec.controls[i + 1]?.options[0])) {
        state[i + 1] = 0;
        fill(i + 1);
      }
      if (spec.controls[i].slides) fill(i);
      tell();
      await window.Plotly.animate(figure, [spec.joint ? state.join(".") : `${i}.${value}`], INSTANTLY);
      keepHeight(figure);
    }

    function tell() {
      const states = names().map(name => spec.readings[name]);
      said.textContent = states.map(({ sentence }) => sentence).join(" ");
      tabled.replaceChildren(...states.filter(({ rows }) => rows.length).map(table));
    }
  }

  // At a resize plotly asks its element for the height, which an element without one would lose.
  function keepHeight(figure) {
    if (figure.layout.height) figure.style.height = `${figure.layout.height}px`;
  }

  function make(control, i, change) {
    const label = document.createElement("label");
    const input = document.createElement(control.slides ? "input" : "select");
    const shown = document.createElement("span");
    if (control.slides) Object.assign(input, { type: "range", min: 0, step: 1 });
    shown.setAttribute("aria-hidden", "true"); // the slider itself says its value
    input.setAttribute("aria-label", control.label);
    input.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab moves cells by the arrows
    input.addEventListener("input", () => change(i, Number(input.value)));
    label.append(control.label, input, ...(control.slides ? [shown] : []));
    place.append(label);
    return { input, shown };
  }

  function table(reading) {
    const found = document.createElement("table");
    const add = (section, tag, words) => {
      const row = section.insertRow();
      row.classList.toggle("total", words.length > 0 && words[0].startsWith("sum: "));
      for (const word of words) {
        const cell = document.createElement(tag);
        cell.textContent = word;
        if (tag === "th") cell.scope = "col";
        row.append(cell);
      }
    };
    add(found.createTHead(), "th", reading.header);
    const body = found.createTBody();
    reading.rows.forEach(words => add(body, "td", words));
    return found;
  }

  wait(performance.now() + PATIENCE_MS);
})();
