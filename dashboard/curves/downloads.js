/* A chart as a file: pictures by Plotly, a PDF by the server, and the numbers that are drawn. */

// How long a browser may take to fetch the file.
const FETCHED_MS = 60_000;

const PAPER = {
  text: "#1d2233", muted: "#5b6275", background: "#ffffff", border: "#d9ddea", grid: "#eceef5", font: "sans-serif",
}; // prettier-ignore

/** Save what a chart shows, in one of the formats of its menu. */
async function download(board, key, kind) {
  const panel = board.panels.get(key);
  const lines = linesOf(board, panel.spec);
  const name = `ganscope-${key}.${kind}`;
  if (kind === "csv") {
    const rows = lines.flatMap((line) => line.x.map((x, i) => [`"${line.name.replaceAll('"', '""')}"`, x, line.y[i]].join(",")));
    return save(new Blob([`line,${board.data.xAxis},${panel.spec.key}\n${rows.join("\n")}\n`], { type: "text/csv" }), name);
  }
  if (kind === "pdf") return save(await pdfOf(board, panel, lines), name);
  const layout = layoutOf(board, panel.spec, lines, 900, PAPER);
  Object.assign(layout, {
    height: 480, paper_bgcolor: PAPER.background, showlegend: true, title: { text: escape(panel.spec.title), x: 0.02 },
    margin: { l: 56, r: 20, t: 56, b: 48 }, legend: { orientation: "h", y: -0.18 },
  }); // prettier-ignore
  const picture = await board.Plotly.toImage({ data: tracesOf(lines, PAPER), layout }, { format: kind, width: 900, height: 480, scale: 2 });
  save(await (await fetch(picture)).blob(), name);
}

async function pdfOf(board, panel, lines) {
  const { spec, graph } = panel;
  const { xaxis, yaxis } = graph._fullLayout;
  const { panels, markers, xAxis, xTitle } = board.data;
  const finite = (values) => Array.from(values, (value) => (Number.isFinite(value) ? value : null));
  const log = yaxis.type === "log";
  const drawn = (line) =>
    tracesOf([line], PAPER).map((trace) => ({
      name: trace.showlegend ? line.name : "",
      x: finite(trace.x), y: finite(trace.y), color: line.color, dash: trace.line.dash, width: trace.line.width,
      opacity: trace.opacity, filled: trace.fill === "toself", dots: trace.mode.includes("markers"),
    })); // prettier-ignore
  const levels = levelsOf(board, spec, log).map(([at, label]) => ({ at, across: true, label }));
  const places = markers.map(({ at, label }) => ({ at: at[xAxis], across: false, label: spec === panels[0] ? label : "" }));
  const response = await fetch(new URL("data/figure.pdf", serverRoot()), {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify({
      title: spec.title,
      x_title: xTitle,
      log_y: log,
      x_range: xaxis.range,
      y_range: log ? yaxis.range.map((power) => 10 ** power) : yaxis.range,
      lines: lines.flatMap(drawn),
      marks: [...levels, ...places],
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.blob();
}

function save(blob, name) {
  const link = element("a", "", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), FETCHED_MS);
}
