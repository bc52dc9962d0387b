/*
 * One Plotly graph for each key, kept alive between refreshes.
 *
 * Streamlit calls the default export again whenever the data or the theme changes, usually with the same
 * parentElement. When elements above the chart come or go it makes a new one; the graph then moves over.
 * What arrives as `data` is described in pack.py.
 */

const charts = new Map(); // key -> chart
const mounts = {}; // key -> graphs built for it since the page was loaded
// A chart that left the page is kept this long, for a reader who comes back.
const KEEP_MS = 60_000;
const NARROW_PX = 520;
// Plotly waits this long for a second click; a redraw in between would lose the first.
const DOUBLE_CLICK_MS = 350;
const CLEAR = "rgba(0,0,0,0)";
const CONFIG = {
  displaylogo: false,
  doubleClick: "reset",
  modeBarButtons: [["resetScale2d", "toImage"]],
  // Nothing leaves this computer.
  showSendToCloud: false,
  plotlyServerURL: "",
  toImageButtonOptions: { format: "png", scale: 2, filename: "ganscope-chart" },
};

let library;

/** Plotly, fetched once for the page. */
function loadPlotly(path) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(path, serverRoot()).href;
    // A server without the route answers with its own page, which loads and defines nothing.
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : script.onerror());
    script.onerror = () => {
      library = undefined;
      reject(new Error(`no Plotly.js at ${script.src}; start with: streamlit run dashboard/app.py`));
    };
    document.head.append(script);
  });
  return library;
}

/** Address of the server including its base path: Streamlit's own scripts lie in a known folder under it. */
function serverRoot() {
  const bundle = document.querySelector('script[src*="static/js/"]');
  return bundle ? bundle.src.replace(/static\/js\/.*$/, "") : document.baseURI;
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

function buildTraces(data, hidden, font) {
  return data.traces.flatMap((trace) => {
    const common = {
      type: "scatter",
      x: data.columns[trace.x],
      xaxis: "x",
      yaxis: trace.panel ? "y2" : "y",
      mode: trace.dots ? "lines+markers" : "lines",
      marker: { size: 5 },
      legendgroup: trace.group || (trace.raw ? trace.id : ""),
    };
    const line = {
      ...common,
      uid: trace.id,
      name: trace.name,
      y: trace.y,
      line: { color: trace.color, width: 1.75, dash: trace.dash },
      hoverlabel: { font: { family: font } },
    };
    if (!trace.raw) return [line];
    const faint = {
      ...common,
      uid: `${trace.id}/raw`,
      name: trace.name,
      y: trace.raw,
      line: { color: trace.color, width: 1 },
      opacity: 0.25,
      showlegend: false,
      hoverinfo: "skip",
      // It may appear only after its line was hidden, and then has to be hidden too.
      visible: hidden.has(trace.id) ? "legendonly" : true,
    };
    return [faint, line];
  });
}

function buildLayout(data, width, theme) {
  const narrow = width < NARROW_PX;
  const two = data.panels.length === 2;
  const domains = two ? [[0.42, 1], [0, 0.29]] : [[0, 1]];
  const margin = { l: 40, r: 12, t: 44, b: 8 };
  // Nearly: the axis title and a second row of the legend take their share later.
  const plotHeight = data.height - 90;
  const axis = {
    gridcolor: theme.grid,
    linecolor: theme.border,
    tickcolor: theme.border,
    tickfont: { color: theme.muted, size: 11 },
    zeroline: false,
    automargin: true,
  };
  const layout = {
    width,
    height: data.height,
    uirevision: "kept",
    paper_bgcolor: CLEAR,
    plot_bgcolor: CLEAR,
    font: { family: theme.font, size: 12, color: theme.text },
    margin,
    hovermode: "x unified",
    hoversubplots: "axis",
    hoverlabel: {
      bgcolor: theme.background,
      bordercolor: theme.border,
      font: { family: theme.font, size: 12, color: theme.text },
      namelength: -1,
    },
    // On a touch screen a finger on the chart scrolls the page.
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    showlegend: true,
    legend: {
      orientation: "h",
      x: 0,
      xanchor: "left",
      y: 1 + 22 / plotHeight,
      yanchor: "bottom",
      bgcolor: CLEAR,
      font: { size: narrow ? 11 : 12, color: theme.text },
      itemwidth: 30,
      tracegroupgap: 4,
    },
    modebar: { bgcolor: CLEAR, color: theme.muted, activecolor: theme.text, orientation: "h" },
    xaxis: {
      ...axis,
      title: { text: data.xTitle, font: { size: 12, color: theme.muted }, standoff: 6 },
      anchor: two ? "y2" : "y",
      showgrid: false,
      ticks: "outside",
      ticklen: 4,
      nticks: narrow ? 5 : 10,
      hoverformat: ",.3~f",
      unifiedhovertitle: { text: `${data.xTitle} %{x}` },
      showspikes: true,
      spikemode: "across",
      spikesnap: "hovered data",
      spikethickness: 1,
      spikedash: "dot",
      spikecolor: theme.muted,
      // Another unit along x makes the old zoom meaningless.
      uirevision: data.xTitle,
      ...(data.empty ? { range: [0, 100], autorange: false } : { autorange: true }),
    },
    annotations: [],
    shapes: [],
  };
  data.panels.forEach((panel, i) => {
    const log = data.logY && !panel.range;
    const span = panel.range && panel.range[1] - panel.range[0];
    const fixed = panel.range && [panel.range[0] - 0.03 * span, panel.range[1] + 0.03 * span];
    layout[i ? "yaxis2" : "yaxis"] = {
      ...axis,
      domain: domains[i],
      type: log ? "log" : "linear",
      hoverformat: ".4~g",
      nticks: i || narrow ? 4 : 6,
      exponentformat: "power",
      uirevision: log ? "log" : "linear",
      ...(fixed || data.empty ? { range: fixed ?? (log ? [-2, 0] : [0, 1]), autorange: false } : { autorange: true }),
    };
    layout.annotations.push({
      text: `<b>${panel.title}</b>`,
      font: { size: 12, color: theme.muted },
      showarrow: false,
      xref: "paper",
      x: 0,
      xanchor: "left",
      yref: "paper",
      y: domains[i][1],
      yanchor: "bottom",
      yshift: 2,
    });
    for (const marker of data.markers) {
      layout.shapes.push({
        type: "line",
        layer: "below",
        xref: "x",
        x0: marker.x,
        x1: marker.x,
        yref: `${i ? "y2" : "y"} domain`,
        y0: 0,
        y1: 1,
        line: { color: theme.muted, width: 1, dash: "dot" },
        opacity: 0.6,
      });
    }
  });
  for (const marker of data.markers) {
    layout.annotations.push({
      text: marker.label,
      font: { size: 10, color: theme.muted },
      showarrow: false,
      xref: "x",
      x: marker.x,
      // Left of its line, where there is room even at the last iteration; the first iteration has none there.
      xanchor: marker.x > 0 ? "right" : "left",
      yref: "paper",
      y: 1,
      yanchor: "top",
    });
  }
  if (data.empty) {
    layout.annotations.push({
      text: "waiting for the first iteration",
      font: { size: 13, color: theme.muted },
      showarrow: false,
      xref: "paper",
      x: 0.5,
      yref: "paper",
      y: (domains[0][0] + domains[0][1]) / 2,
    });
  }
  return layout;
}

function draw(chart) {
  const { root, graph, data } = chart;
  const width = root.clientWidth;
  // In a closed tab or expander there is no width yet; the observer calls again when there is.
  if (!chart.Plotly || !width || chart.pressed) return;
  const theme = readTheme(root);
  const hidden = new Set((graph._fullData ?? []).filter((t) => t.visible === "legendonly").map((t) => t.uid));
  chart.Plotly.react(graph, buildTraces(data, hidden, theme.font), buildLayout(data, width, theme), CONFIG);
  chart.note.remove();
  root.dataset.points = data.points;
  root.dataset.draws = Number(root.dataset.draws ?? 0) + 1;
}

function mount(data) {
  const root = document.createElement("div");
  root.className = "live-chart";
  root.dataset.testid = "live-chart";
  root.dataset.key = data.key;
  root.dataset.mounts = mounts[data.key] = (mounts[data.key] ?? 0) + 1;
  root.setAttribute("role", "figure");
  const graph = document.createElement("div");
  const note = document.createElement("div");
  note.className = "live-chart-note";
  note.textContent = "loading the chart …";
  root.append(graph, note);

  const chart = { root, graph, note, data, Plotly: undefined, pressed: false };
  // A redraw under a pressed button would end the zoom being dragged.
  let release;
  root.addEventListener("pointerdown", () => {
    clearTimeout(release);
    chart.pressed = true;
  });
  const lift = () => {
    clearTimeout(release);
    release = setTimeout(() => {
      chart.pressed = false;
      draw(chart);
    }, DOUBLE_CLICK_MS);
  };
  const onLift = () => chart.pressed && lift();
  window.addEventListener("pointerup", onLift);
  window.addEventListener("pointercancel", onLift);
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    requestAnimationFrame(() => draw(chart));
  });
  observer.observe(root);

  chart.destroy = () => {
    if (charts.get(data.key) !== chart) return;
    clearTimeout(release);
    window.removeEventListener("pointerup", onLift);
    window.removeEventListener("pointercancel", onLift);
    observer.disconnect();
    chart.Plotly?.purge(graph);
    root.remove();
    charts.delete(data.key);
  };
  return chart;
}

export default function ({ data, parentElement }) {
  const chart = charts.get(data.key) ?? mount(data);
  charts.set(data.key, chart);
  chart.data = data;
  if (chart.root.parentElement !== parentElement) parentElement.append(chart.root);
  chart.root.style.height = `${data.height}px`;
  chart.root.setAttribute(
    "aria-label",
    `Line chart of ${data.panels.map((p) => p.title).join(" and ")} over ${data.xTitle}`,
  );
  loadPlotly(data.plotly).then(
    (Plotly) => {
      chart.Plotly = Plotly;
      draw(chart);
    },
    (error) => {
      chart.note.textContent = error.message;
    },
  );
  // Streamlit also runs the clean-up of a call that the next refresh overtook, while the chart is still shown.
  return () => {
    setTimeout(() => chart.root.isConnected || chart.destroy(), KEEP_MS);
  };
}
