/* What Plotly is given: the traces of lines, and the layout of one chart. */

const NARROW_PX = 420;
// Labels of markers that stand closer than this share no row.
const LABEL_PX = 110;
const LABEL_ROWS = 5;
// Up to here every value is drawn as a dot too, so that a score measured once an epoch is seen.
const DOTS_UP_TO = 30;
const CLEAR = "rgba(0,0,0,0)";

/** Plotly reads names and titles as markup. */
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Plotly looks for what it removes by a CSS selector made of the trace's uid. */
const selectable = (text) => text.replace(/[^A-Za-z0-9-]/gu, (sign) => `_${sign.codePointAt(0).toString(16)}_`);

/** Each bucket's lowest and highest value, one after the other. */
function extremes({ x, low, high }) {
  const places = new Array(2 * x.length);
  const values = new Array(2 * x.length);
  for (let i = 0; i < x.length; i++) {
    places[2 * i] = places[2 * i + 1] = x[i];
    values[2 * i] = low[i];
    values[2 * i + 1] = high[i];
  }
  return [places, values];
}

/** Plotly's traces of lines; of those with more than `most` points, neighbours are merged. */
function tracesOf(lines, theme, most = Infinity) {
  return lines.flatMap((whole) => {
    const line = whole.band ? whole : thinned(whole, most);
    const common = { type: "scatter", mode: "lines", legendgroup: line.run, showlegend: false, hoverinfo: "skip" };
    const uid = selectable(`${line.run}/${line.name}`);
    const traces = [];
    if (line.band) {
      const outline = { ...common, x: [...line.band.x, ...line.band.x.toReversed()], y: [...line.band.high, ...line.band.low.toReversed()] };
      traces.push({ ...outline, uid: `${uid}-band`, fill: "toself", fillcolor: line.color, opacity: 0.2, line: { width: 0 } });
    } else if (line.smoothed || line.size > 1) {
      // From the lowest to the highest of each bucket, so that no spike is lost.
      const [x, y] = line.size > 1 ? extremes(line) : [line.x, line.mean];
      traces.push({ ...common, uid: `${uid}-raw`, x, y, opacity: line.smoothed ? 0.22 : 0.5, line: { color: line.color, width: 1 } });
    }
    if (line.shared) {
      traces.push({ ...common, uid: `${uid}-shared`, ...line.shared, opacity: 0.7, line: { color: line.color, width: 1.2, dash: "dot" } });
    }
    const dots = line.y.length <= DOTS_UP_TO;
    traces.push({
      ...common, uid, x: line.x, y: line.y, name: escape(line.name), showlegend: true, hoverinfo: "all",
      mode: dots ? "lines+markers" : "lines", marker: { size: 5, color: line.color },
      line: { color: line.color, width: 1.9, dash: line.dash },
      hoverlabel: { font: { family: theme.font } },
    }); // prettier-ignore
    return traces;
  });
}

/** The heights that are marked: the theory's, or the baseline that the others are held against. */
function levelsOf(board, spec, log) {
  return board.isCompared(spec) ? [[0, board.data.baselineName]] : spec.levels.filter(([y]) => !log || y > 0);
}

function layoutOf(board, spec, lines, width, theme) {
  const { data, zoom } = board;
  const narrow = width < NARROW_PX;
  const compared = board.isCompared(spec);
  const known = lines.flatMap((line) => (line.smoothed ? line.y : line.mean));
  // Where nothing is above 0, as a critic's loss may be, a logarithmic axis would be empty.
  const wanted = spec.log === "always" || (spec.log === "chosen" && data.logY);
  const log = wanted && !compared && known.some((value) => value > 0);
  const scaled = (value) => (log ? Math.log10(value) : value);
  const axis = {
    gridcolor: theme.grid, linecolor: theme.border, tickcolor: theme.border,
    tickfont: { color: theme.muted, size: 11 }, zeroline: false, automargin: true,
  }; // prettier-ignore
  const fixed = spec.range && !compared;
  const room = fixed && 0.03 * (spec.range[1] - spec.range[0]);
  const range = fixed ? [spec.range[0] - room, spec.range[1] + room] : data.clip ? withoutOutliers(known.map(scaled)) : null;
  const empty = !lines.length;
  const layout = {
    width, height: spec.height, uirevision: `${board.zooms}`, paper_bgcolor: CLEAR, plot_bgcolor: CLEAR,
    font: { family: theme.font, size: 12, color: theme.text },
    margin: { l: 40, r: 10, t: 6, b: 8 }, showlegend: false, hovermode: "x unified",
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.border, font: { family: theme.font, size: 12, color: theme.text }, namelength: -1 },
    // On a touch screen a finger on the chart scrolls the page.
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    xaxis: {
      ...axis, showgrid: false, ticks: "outside", ticklen: 4, nticks: narrow ? 5 : 8, hoverformat: ",.4~g",
      title: { text: data.xTitle, font: { size: 11, color: theme.muted }, standoff: 4 },
      unifiedhovertitle: { text: `${data.xTitle} %{x}` },
      showspikes: true, spikemode: "across", spikesnap: "hovered data", spikethickness: 1, spikedash: "dot", spikecolor: theme.muted,
      ...(zoom ? { range: zoom, autorange: false } : empty ? { range: [0, 100], autorange: false } : { autorange: true }),
    },
    yaxis: {
      ...axis, type: log ? "log" : "linear", hoverformat: ".4~g", nticks: narrow ? 4 : 6, exponentformat: "power",
      uirevision: `${board.zooms} ${log} ${data.clip} ${data.baseline}`,
      ...(range || empty ? { range: range ?? [0, 1], autorange: false } : { autorange: true }),
    },
    shapes: [],
    annotations: [],
  }; // prettier-ignore
  const note = (text, place) => layout.annotations.push({ text: escape(text), showarrow: false, font: { size: 10, color: theme.muted }, bgcolor: theme.background, borderpad: 1, opacity: 0.85, ...place });
  for (const [y, label] of levelsOf(board, spec, log)) {
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: { color: theme.muted, width: 1, dash: "dash" }, opacity: 0.8, layer: "below" });
    note(label, { xref: "paper", x: 1, xanchor: "right", y: scaled(y), yanchor: "bottom" });
  }
  const places = lines.flatMap((line) => (line.x.length ? [line.x[0], line.x[line.x.length - 1]] : []));
  const reach = zoom ? zoom[1] - zoom[0] : Math.max(...places) - Math.min(...places);
  const ends = []; // where the last label of each row of labels stands
  for (const { at, label, color } of data.markers.toSorted((a, b) => a.at[data.xAxis] - b.at[data.xAxis])) {
    const x = at[data.xAxis];
    layout.shapes.push({ type: "line", xref: "x", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: color || theme.muted, width: 1, dash: "dot" }, opacity: 0.7, layer: "below" });
    if (spec !== data.panels[0]) continue; // the others have the lines alone
    const near = (reach * LABEL_PX) / width;
    const found = ends.findIndex((end) => x - end > near);
    const free = found < 0 ? ends.length % LABEL_ROWS : found;
    ends[free] = x;
    // Left of its line, where there is room even at the last iteration; the first iteration has none there.
    note(label, { x, xanchor: x > 0 ? "right" : "left", yref: "paper", y: 1 - 0.08 * free, yanchor: "top" });
  }
  const why = () => (board.isHidden(spec) ? _("hidden") : data.live ? _("waiting for the first values") : _("nothing was logged"));
  if (empty) note(why(), { xref: "paper", x: 0.5, yref: "paper", y: 0.5, font: { size: 13, color: theme.muted } });
  return layout;
}
