// Plotly figures, drawn by plotly's script beside the page once it is there; page.py writes their places.
(() => {
  "use strict";
  function draw(place) {
    const { data, layout, frames, config } = JSON.parse(place.querySelector("script").textContent);
    place.replaceChildren(); // its style has the height already, which plotly asks for at a resize
    return window.Plotly.newPlot(place, data, layout, config).then(() => {
      if (frames) window.Plotly.addFrames(place, frames);
    });
  }

  addEventListener("DOMContentLoaded", () => {
    if (window.Plotly) document.querySelectorAll(".plotly-figure").forEach(draw);
  });
})();
