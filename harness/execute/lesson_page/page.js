(() => {
  "use strict";
  const NARROW = "(max-width: 63.99rem)";

  // Figures: by plotly's script beside the page, once it is there.
  function draw(place) {
    const { data, layout, frames, config } = JSON.parse(place.querySelector("script").textContent);
    place.replaceChildren(); // its style has the height already, which plotly asks for at a resize
    return window.Plotly.newPlot(place, data, layout, config).then(() => {
      if (frames) window.Plotly.addFrames(place, frames);
    });
  }

  // What scrolls sideways can be scrolled by keys once it can have the focus.
  function reach() {
    for (const node of document.querySelectorAll("pre, table, .formula, .jp-RenderedHTML, .explorable-table")) {
      if (node.scrollWidth > node.clientWidth + 1) node.tabIndex = 0;
      else node.removeAttribute("tabindex");
    }
  }

  addEventListener("DOMContentLoaded", () => {
    if (matchMedia(NARROW).matches) document.querySelector("nav details")?.removeAttribute("open");
    if (window.Plotly) document.querySelectorAll(".plotly-figure").forEach(draw);
    reach();
  });
  addEventListener("resize", reach);
  addEventListener("toggle", reach, true); // folded code that opens
})();
