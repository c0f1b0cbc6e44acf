// What scrolls sideways can be scrolled by keys once it can have the focus.
(() => {
  "use strict";
  const WIDE = "pre, .formula, .output, .pst-scrollable-table-container, .explorable-table";

  function reach() {
    for (const node of document.querySelectorAll(WIDE)) {
      if (node.scrollWidth > node.clientWidth + 1) node.tabIndex = 0;
      else if (!node.matches(".wide")) node.removeAttribute("tabindex");
    }
  }

  addEventListener("DOMContentLoaded", reach);
  addEventListener("load", reach);
  addEventListener("resize", reach);
  addEventListener("toggle", reach, true); // code that opens
})();
