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

  // Heads that name a kind of order become buttons; without this script the rows stand in the paper's order.
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const compare = {
      text: (a, b) => a.localeCompare(b),
      // What has no number comes last in either order.
      number: (a, b, sign) => (a === "") - (b === "") ? sign * ((a === "") - (b === "")) : a - b,
    };
    heads.forEach((head, column) => {
      const order = compare[head.dataset.sort];
      if (!order) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
        body.append(...[...body.rows].sort((a, b) => sign * order(key(a), key(b), sign)));
      });
    });
  }

  const draw = async () => {
    for (const plot of document.querySelectorAll("[data-figure]")) {
      try {
        // Within, so that the plot keeps its role and its label, which Vega gives to what it draws into.
        await vegaEmbed(plot.appendChild(document.createElement("div")), figures[plot.dataset.figure], options);
      } catch (error) {
        plot.textContent = "This figure could not be drawn: " + error.message;
        console.error(error);
      }
    }
    document.documentElement.dataset.drawn = "true";
  };
  draw();
})();
