// Lets a reader reorder a ranked list, and says what each order is worth; see lib/_ranked_list.py.
(() => {
  "use strict";
  const host = document.currentScript.closest(".ranked-list");
  const { k, elsewhere, grades, names } = JSON.parse(host.dataset.spec);
  const list = host.querySelector("ol");
  const said = host.querySelector("[role=status]");
  const cells = names.map((_, i) => host.querySelector(`[data-metric="${i}"]`));
  const items = [...list.children]; // in the first order
  const first = values(grades);

  // Recall@k, reciprocal rank, average precision, nDCG@k: as lib.metrics has them.
  function values(ranked) {
    const judged = [...ranked, ...elsewhere];
    const relevant = judged.filter(grade => grade >= 1).length;
    const hits = ranked.flatMap((grade, i) => grade >= 1 ? [i + 1] : []); // ranks
    const gain = found => found.slice(0, k).reduce((sum, g, i) => sum + g / Math.log2(i + 2), 0);
    const ideal = gain([...judged].sort((a, b) => b - a));
    const precisions = hits.map((rank, found) => (found + 1) / rank);
    return [
      hits.filter(rank => rank <= k).length / Math.max(relevant, 1),
      hits.length ? 1 / hits[0] : 0,
      precisions.reduce((sum, one) => sum + one, 0) / Math.max(relevant, 1),
      ideal > 0 ? gain(ranked) / ideal : 0,
    ];
  }

  const order = () => [...list.children];
  const rank = item => order().indexOf(item) + 1;
  const gradeOf = item => Number(item.dataset.grade);
  const nameOf = item => item.querySelector(".passage").firstChild.textContent;

  function show() {
    const now = order();
    now.forEach((item, i) => {
      item.querySelector(".rank").textContent = i + 1;
      item.classList.toggle("cut", i === k - 1);
      item.querySelector(".up").disabled = i === 0;
      item.querySelector(".down").disabled = i === now.length - 1;
    });
    values(now.map(gradeOf)).forEach((value, i) => {
      const change = value - first[i];
      cells[i].dataset.value = value;
      cells[i].textContent = value.toFixed(3);
      cells[i].nextElementSibling.textContent = Math.abs(change) < 5e-4 ? "=" :
        (change > 0 ? "+" : "−") + Math.abs(change).toFixed(3);
    });
  }

  function tell(what) {
    show();
    said.textContent = `${what} ${names.map((name, i) => `${name} ${cells[i].textContent}`).join(", ")}.`;
  }

  // The neighbour moves, not the item: an element that is taken out loses the focus and the pointer.
  function step(item, direction) {
    const other = direction < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return false;
    if (direction < 0) item.after(other);
    else item.before(other);
    return true;
  }

  function move(item, direction, button) {
    if (!step(item, direction)) return;
    tell(`${nameOf(item)}: now at rank ${rank(item)}.`);
    if (button?.disabled) item.querySelector(".handle").focus();
  }

  for (const item of items) {
    item.querySelector(".up").addEventListener("click", event => move(item, -1, event.currentTarget));
    item.querySelector(".down").addEventListener("click", event => move(item, 1, event.currentTarget));
    item.addEventListener("keydown", event => {
      const direction = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!direction || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      move(item, direction);
    });
    item.addEventListener("pointerdown", event => {
      const handle = event.target.closest(".handle");
      const onButton = event.target.closest("button") && !handle;
      // A finger on the text scrolls the page; a mouse drags by the text, too.
      if (event.button !== 0 || onButton || (event.pointerType !== "mouse" && !handle)) return;
      drag(item, event);
    });
  }

  function drag(item, event) {
    const before = rank(item);
    item.setPointerCapture(event.pointerId);
    item.classList.add("moving");
    if (event.pointerType === "mouse") event.preventDefault(); // no selection of text
    const middle = node => { const box = node.getBoundingClientRect(); return box.top + box.height / 2; };
    const follow = ({ clientY }) => {
      while (item.previousElementSibling && clientY < middle(item.previousElementSibling)) step(item, -1);
      while (item.nextElementSibling && clientY > middle(item.nextElementSibling)) step(item, 1);
      show();
    };
    const end = () => {
      item.removeEventListener("pointermove", follow);
      item.classList.remove("moving");
      if (rank(item) !== before) tell(`${nameOf(item)}: from rank ${before} to ${rank(item)}.`);
    };
    item.addEventListener("pointermove", follow);
    item.addEventListener("lostpointercapture", end, { once: true });
    item.querySelector(".handle").focus({ preventScroll: true });
  }

  const orders = {
    "As it came": (a, b) => items.indexOf(a) - items.indexOf(b),
    "Best order": (a, b) => gradeOf(b) - gradeOf(a),
    "Worst order": (a, b) => gradeOf(a) - gradeOf(b),
  };
  for (const [name, compare] of Object.entries(orders)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      list.append(...order().sort(compare));
      tell(`${name}.`);
    });
    host.querySelector(".ranked-list-orders").append(button);
  }
  for (const button of host.querySelectorAll("button")) {
    button.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab moves cells by the arrows
  }
  show();
})();
