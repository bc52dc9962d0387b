/* Pieces of the page, and what is read from it. */

let words = {}; // English -> the page's language
let library;

/** A message in the page's language, with values for the names in it. */
function _(message, values = {}) {
  return (words[message] ?? message).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Plotly, fetched once for the page. */
function loadPlotly(path) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(path, serverRoot()).href;
    // A server without the route answers with its own page, which loads and defines nothing.
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : script.onerror());
    script.onerror = () => {
      library = undefined;
      reject(new Error(_("no Plotly.js at {address}; start with: streamlit run dashboard/app.py", { address: script.src })));
    };
    document.head.append(script);
  });
  return library;
}

function element(tag, className, attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const DASHES = { solid: "", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" };

/** A short piece of the line itself, so that a dash is in the legend too. */
function swatch(color, dash) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 22 8");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = `<line x1="1" y1="4" x2="21" y2="4" stroke="${color}" stroke-width="3" stroke-dasharray="${DASHES[dash] ?? ""}"/>`;
  return svg;
}

function readTheme(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    text: read("text-color"),
    muted: read("gray-text-color"),
    background: read("background-color"),
    border: read("border-color"),
    grid: read("border-color-light"),
    font: read("font"),
  };
}
