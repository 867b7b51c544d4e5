"use strict";

(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const font = getComputedStyle(document.documentElement).fontFamily;

  // SVG takes currentColor from the page, so that the figures follow the page's colours, on paper too, without a redraw.
  const ink = "currentColor";
  const config = {
    background: null,
    font,
    title: { color: ink },
    axis: {
      labelColor: ink,
      titleColor: ink,
      domainColor: ink,
      domainOpacity: 0.6,
      tickColor: ink,
      tickOpacity: 0.6,
      gridColor: ink,
      gridOpacity: 0.14,
    },
    legend: { labelColor: ink, titleColor: ink, symbolBaseStrokeColor: ink },
    text: { color: ink },
  };
  const options = {
    mode: "vega-lite",
    renderer: "svg",
    ast: true,
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
    config,
  };

  const draw = async () => {
    for (const plot of document.querySelectorAll("[data-figure]")) {
      try {
        await vegaEmbed(plot, figures[plot.dataset.figure], options);
      } catch (error) {
        plot.textContent = "This figure could not be drawn: " + error.message;
        console.error(error);
      }
    }
    document.documentElement.dataset.drawn = "true";
  };
  draw();
})();
