// Lets a reader filter and sort the table of models; see lib/_model_explorer.py.
(() => {
  "use strict";
  const host = document.currentScript.closest(".model-table");
  const { columns } = JSON.parse(host.dataset.spec);
  const form = host.querySelector("form");
  const body = host.querySelector("tbody");
  const said = host.querySelector("[role=status]");
  const heads = [...host.querySelectorAll("thead th")];
  const rows = [...body.rows];
  const first = [...rows];
  const facts = new Map(rows.map(row => [row, JSON.parse(row.dataset.facts)]));
  const PRICE = 5, VECTORS = 6; // columns that depend on the corpus
  let sorted = null;

  // Four digits, thousands apart, as the table came.
  const digits = value => Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 12 });
  const number = name => form.elements[name].value === "" ? null : Number(form.elements[name].value);
  const value = (row, column) => {
    const text = row.cells[column].textContent;
    if (!columns[column][1]) return text.toLowerCase();
    const parsed = Number(text.replaceAll(",", ""));
    return Number.isNaN(parsed) ? null : parsed;
  };

  // A figure that nobody states fails no filter that is off, and every filter on it that is on.
  const within = (figure, least, most) =>
    (!least || (figure !== null && figure >= least)) && (most === null || (figure !== null && figure <= most));

  function show() {
    const texts = number("texts") ?? 0, tokens = number("tokens") ?? 0, kind = form.elements.kind.value;
    const kept = rows.filter(row => {
      const { kind: own, limit, mteb, parameters, rate, dim } = facts.get(row);
      const dollars = rate === null ? null : rate * tokens / 1e6;
      if (dollars !== null) row.cells[PRICE].textContent = digits(dollars);
      row.cells[VECTORS].textContent = (4 * dim * texts / 1e6).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
      const fits = (!kind || kind === own) && within(limit, number("limit"), null) &&
        within(mteb, number("mteb"), null) && within(parameters, 0, number("parameters")) &&
        within(dollars, 0, number("dollars"));
      row.hidden = !fits;
      return fits;
    });
    const names = kept.map(row => row.cells[0].textContent);
    said.textContent = names.length ? `${names.length} of ${rows.length} models fit: ${names.join(", ")}.` :
      "No model fits: loosen a filter.";
  }

  function sort(column) {
    const [, , better] = columns[column];
    const falling = sorted?.column === column ? !sorted.falling : better > 0;
    sorted = { column, falling };
    body.append(...[...rows].sort((a, b) => {
      const x = value(a, column), y = value(b, column);
      if (x === null || y === null) return (x === null) - (y === null); // not stated: last
      return (x < y ? -1 : x > y ? 1 : 0) * (falling ? -1 : 1);
    }));
    heads.forEach((head, i) => head.setAttribute("aria-sort",
      i !== column ? "none" : falling ? "descending" : "ascending"));
  }

  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => sort(column)));
  form.addEventListener("input", show);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { // after the fields have their first values
    sorted = null;
    body.append(...first);
    heads.forEach(head => head.setAttribute("aria-sort", "none"));
    show();
  }));
  for (const control of host.querySelectorAll("button, input, select, .model-table-scroll")) {
    control.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab moves cells by the arrows
  }
  show();
})();
