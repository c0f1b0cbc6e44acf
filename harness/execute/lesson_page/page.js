(() => {
  "use strict";
  const NARROW = "(max-width: 63.99rem)";

  // What scrolls sideways can be scrolled by keys once it can have the focus.
  function reach() {
    for (const node of document.querySelectorAll("pre, table, .formula, .jp-RenderedHTML, .explorable-table")) {
      if (node.scrollWidth > node.clientWidth + 1) node.tabIndex = 0;
      else node.removeAttribute("tabindex");
    }
  }

  addEventListener("DOMContentLoaded", () => {
    if (matchMedia(NARROW).matches) document.querySelector("nav details")?.removeAttribute("open");
    reach();
  });
  addEventListener("resize", reach);
  addEventListener("toggle", reach, true); // folded code that opens
})();
