/*
 * Charts of one page that share their x axis, their runs and their zoom; each a Plotly graph that is kept alive.
 *
 * Streamlit calls the default export again whenever the arguments or the theme change; what is drawn comes from
 * store.js. What arrives as `data` is described in __init__.py.
 */

// A board that left the page is kept this long, for a reader who comes back.
const KEEP_MS = 60_000;
// Plotly waits this long for a second click; a redraw in between would lose the first.
const DOUBLE_CLICK_MS = 350;
const DETAIL_AFTER_MS = 200;
const NARROW_PX = 420;
// Labels of markers that stand closer than this share no row.
const LABEL_PX = 110;
const LABEL_ROWS = 5;
// Up to here every value is drawn as a dot too, so that a score measured once an epoch is seen.
const DOTS_UP_TO = 30;
const CLEAR = "rgba(0,0,0,0)";
const mounts = {}; // key -> boards built for it since the page was loaded
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
const PAPER = {
  text: "#1d2233", muted: "#5b6275", background: "#ffffff", border: "#d9ddea", grid: "#eceef5", font: "sans-serif",
}; // prettier-ignore

class Board {
  constructor(data) {
    this.data = data;
    this.hidden = new Set();
    this.zoom = null; // [from, to] on the x axis of all charts
    this.zooms = 0;
    this.closer = new Map(); // log name -> the zoomed part of it, with more points
    this.panels = new Map(); // panel key -> its elements
    this.pressed = false;
    this.failed = false;
    this.root = element("div", "curve-board", { "data-testid": "curve-board", "data-key": data.key });
    this.root.dataset.mounts = mounts[data.key] = (mounts[data.key] ?? 0) + 1;
    this.legend = element("div", "cb-legend", { role: "group" });
    this.note = element("p", "cb-note", { role: "status" });
    this.grid = element("div", "cb-grid");
    this.table = element("a", "cb-button", { download: "" }, "⤓ All rows of these runs (CSV)");
    this.root.append(this.legend, this.note, this.grid, this.table);
    this.watchPointer();
    this.seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const panel = [...this.panels.values()].find((each) => each.figure === entry.target);
        if (panel) panel.visible = entry.isIntersecting;
      }
      this.draw();
    }, { rootMargin: "300px" });
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.root);
  }

  /** A redraw under a pressed button would end the zoom being dragged. */
  watchPointer() {
    this.root.addEventListener("pointerdown", () => {
      clearTimeout(this.release);
      this.pressed = true;
    });
    this.lift = () => {
      if (!this.pressed) return;
      clearTimeout(this.release);
      this.release = setTimeout(() => {
        this.pressed = false;
        this.draw();
      }, DOUBLE_CLICK_MS);
    };
    window.addEventListener("pointerup", this.lift);
    window.addEventListener("pointercancel", this.lift);
  }

  destroy() {
    if (boards.get(this.data.key) !== this) return;
    window.removeEventListener("pointerup", this.lift);
    window.removeEventListener("pointercancel", this.lift);
    this.seen.disconnect();
    this.sized.disconnect();
    for (const panel of this.panels.values()) this.Plotly?.purge(panel.graph);
    this.root.remove();
    boards.delete(this.data.key);
  }

  say(text) {
    this.failed = Boolean(text);
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  take(data) {
    if (data.xAxis !== this.data.xAxis) this.setZoom(null);
    this.data = data;
    this.root.setAttribute("aria-label", data.label);
    this.layOut();
  }

  /** Make the panels and legends that the data ask for; those that stay are not touched. */
  layOut() {
    const { data } = this;
    for (const [key, panel] of this.panels) {
      if (data.panels.some((each) => each.key === key)) continue;
      this.Plotly?.purge(panel.graph);
      this.seen.unobserve(panel.figure);
      panel.figure.remove();
      this.panels.delete(key);
    }
    this.root.classList.toggle("framed", data.framed);
    this.root.style.setProperty("--cb-columns", data.columns);
    for (const spec of data.panels) {
      const panel = this.panels.get(spec.key) ?? this.addPanel(spec);
      panel.figure.classList.toggle("wide", spec.wide);
      panel.graph.style.height = `${spec.height}px`;
      panel.title.textContent = spec.title;
      panel.hint.textContent = spec.note;
      const place = data.panels.indexOf(spec);
      if (this.grid.children[place] !== panel.figure) this.grid.insertBefore(panel.figure, this.grid.children[place] ?? null);
      // One line is named by the title.
      const own = data.runs.length || spec.lines.length < 2 ? [] : spec.lines;
      this.fillLegend(panel.legend, own.map((line) => [this.idOf(spec, line), line]));
    }
    this.legend.hidden = !data.runs.length;
    if (data.runs.length) {
      this.legend.setAttribute("aria-label", "Runs: press to hide or show");
      this.fillLegend(this.legend, data.runs.map((run) => [run.id, run]));
      const query = data.runs.map((run) => `run=${encodeURIComponent(run.id)}`).join("&");
      this.table.href = new URL(`data/curves.csv?${query}`, serverRoot()).href;
    }
    this.table.hidden = !data.runs.length;
  }

  /** A line's name among what can be hidden: its run's where runs have the legend, else its own. */
  idOf(spec, line) {
    return this.data.runs.length ? line.run : `${spec.key}/${line.name}`;
  }

  addPanel(spec) {
    const title = element("span", "cb-title");
    const hint = element("span", "cb-hint");
    const legend = element("div", "cb-lines", { role: "group", "aria-label": `Lines of ${spec.title}` });
    const reset = element("button", "cb-button", { type: "button", hidden: "" }, "Reset zoom");
    reset.addEventListener("click", () => this.setZoom(null));
    const menu = this.downloadMenu(spec);
    const graph = element("div", "cb-graph");
    const words = element("p", "cb-words");
    const head = element("div", "cb-head", {}, title, hint, legend, reset, menu);
    const figure = element("figure", "cb-panel", { "data-panel": spec.key, "data-testid": "curve-panel" }, head, graph, words);
    const panel = { spec, figure, title, hint, legend, reset, graph, words, visible: true, draws: 0 };
    this.panels.set(spec.key, panel);
    this.grid.append(figure);
    this.seen.observe(figure);
    return panel;
  }

  downloadMenu(spec) {
    const list = element("div", "cb-choices");
    const menu = element("details", "cb-menu", {}, element("summary", "cb-button", { "aria-label": `Download ${spec.title}`, title: "Download" }, "⤓"), list);
    for (const kind of ["PNG", "SVG", "PDF", "CSV"]) {
      const choice = element("button", "", { type: "button" }, kind);
      choice.addEventListener("click", () => {
        menu.open = false;
        this.download(spec.key, kind.toLowerCase()).catch((error) => this.say(error.message));
      });
      list.append(choice);
    }
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape") menu.open = false;
    });
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(event.relatedTarget)) menu.open = false;
    });
    return menu;
  }

  fillLegend(legend, entries) {
    const wanted = JSON.stringify(entries);
    if (legend.dataset.entries === wanted) return;
    legend.dataset.entries = wanted;
    const focused = legend.querySelector(":focus")?.dataset.id;
    legend.replaceChildren(
      ...entries.map(([id, { name, color, dash }]) => {
        const chip = element("button", "cb-chip", { type: "button", "data-id": id, title: "Hide or show; double-click: this alone" }, swatch(color, dash), name);
        chip.setAttribute("aria-pressed", String(!this.hidden.has(id)));
        chip.addEventListener("click", (event) => this.toggle(legend, id, event.detail === 2));
        return chip;
      }),
    );
    if (focused) [...legend.children].find((chip) => chip.dataset.id === focused)?.focus();
  }

  toggle(legend, id, alone) {
    const ids = [...legend.children].map((chip) => chip.dataset.id);
    if (alone) {
      const others = ids.filter((other) => other !== id);
      const isAlone = others.every((other) => this.hidden.has(other)) && this.alone === id;
      others.forEach((other) => (isAlone ? this.hidden.delete(other) : this.hidden.add(other)));
      this.hidden.delete(id);
      this.alone = isAlone ? undefined : id;
    } else if (!this.hidden.delete(id)) this.hidden.add(id);
    for (const chip of legend.children) chip.setAttribute("aria-pressed", String(!this.hidden.has(chip.dataset.id)));
    this.draw(true);
  }

  /** Show one part of the x axis in all charts; null: all of it. */
  setZoom(range) {
    this.zoom = range;
    this.zooms += 1;
    this.closer.clear();
    clearTimeout(this.detail);
    if (range) this.detail = setTimeout(() => this.fetchCloser(this.zooms), DETAIL_AFTER_MS);
    this.draw(true);
  }

  /** More points of the zoomed part, where a point stands for several rows. */
  async fetchCloser(zooms) {
    const wanted = [];
    for (const want of wantedBy([this])) {
      const log = logs.get(nameOf(want));
      const axis = log?.x[this.data.xAxis];
      if (!axis?.length || log.size === 1) continue;
      const [from, to] = this.zoom.map((place) => {
        const inside = Math.min(Math.max(place, axis[0]), axis[axis.length - 1]);
        return interpolate(axis, log.x.iteration, inside);
      });
      wanted.push({ run: want.run, source: want.source, columns: want.columns, range: [from - log.size, to + log.size] });
    }
    if (!wanted.length) return;
    const found = await ask(wanted).catch(() => []);
    if (zooms !== this.zooms) return;
    found.forEach((part, i) => part.error || this.closer.set(nameOf(wanted[i]), unpack(part)));
    this.draw(true);
  }

  draw(now = false) {
    if (this.drawing && !now) return;
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => {
      this.drawing = undefined;
      if (!this.Plotly || (this.pressed && !now) || !this.root.clientWidth) return;
      const theme = readTheme(this.root);
      for (const spec of this.data.panels) {
        const panel = this.panels.get(spec.key);
        panel.spec = spec;
        if (panel.visible) this.drawPanel(panel, theme);
      }
    });
  }

  drawPanel(panel, theme) {
    const { spec, graph, figure } = panel;
    const lines = this.linesOf(spec);
    const width = graph.clientWidth;
    if (!width) return;
    const layout = layoutOf(this, spec, lines, width, theme);
    this.Plotly.react(graph, tracesOf(lines, theme), layout, { displayModeBar: false, doubleClick: false, plotlyServerURL: "" });
    if (!panel.listens) {
      panel.listens = true;
      graph.on("plotly_relayout", (change) => {
        const from = change["xaxis.range[0]"];
        if (from !== undefined) this.setZoom([from, change["xaxis.range[1]"]]);
      });
      graph.on("plotly_doubleclick", () => this.setZoom(null));
    }
    panel.reset.hidden = !this.zoom;
    panel.draws += 1;
    figure.dataset.draws = panel.draws;
    figure.dataset.rows = Math.max(0, ...spec.lines.map((line) => logs.get(nameOf(line))?.rows ?? 0));
    figure.setAttribute("aria-label", `${spec.title} over ${this.data.xTitle}`);
    const last = lines.filter((line) => line.y.length).map((line) => `${line.name} ${line.y.findLast(Number.isFinite)?.toPrecision(3) ?? "none"}`);
    const words = last.length ? `Last values: ${last.join(", ")}.` : "No values yet.";
    if (panel.words.textContent !== words) panel.words.textContent = words;
  }

  /** The lines of a panel as they are to be drawn: smoothed, less the baseline, as bands, forks cut off. */
  linesOf(spec) {
    const { xAxis, smoothing, baseline, bands, forks } = this.data;
    let lines = spec.lines
      .filter((line) => !this.hidden.has(this.idOf(spec, line)))
      .map((line) => {
        const log = this.closer.get(nameOf(line)) ?? logs.get(nameOf(line));
        const x = log?.x[xAxis] ?? [];
        const [mean = [], low = mean, high = mean] = log?.y[line.column] ?? [];
        return { ...line, x, mean, low, high, size: log?.size ?? 1, iterations: log?.x.iteration ?? [] };
      })
      .filter((line) => line.mean.length);
    const step = Math.min(...lines.map((line) => spacing(line.x)));
    for (const line of lines) line.y = smooth(line.x, line.mean, smoothing, step);
    const base = lines.find((line) => line.run === baseline);
    if (base) {
      const reference = { x: base.x, y: base.y };
      for (const line of lines) {
        const less = (values) => values.map((value, i) => value - interpolate(reference.x, reference.y, line.x[i]));
        [line.mean, line.low, line.high, line.y] = [line.mean, line.low, line.high, line.y].map(less);
      }
    }
    for (const fork of forks) {
      for (const line of lines.filter((each) => each.run === fork.run)) {
        const from = Math.max(0, lowerBound(line.iterations, fork.iteration));
        const shared = lines.some((each) => each.run === fork.parent);
        line.shared = shared ? null : { x: line.x.slice(0, from + 1), y: line.y.slice(0, from + 1) };
        for (const name of ["x", "mean", "low", "high", "y"]) line[name] = line[name].slice(from);
      }
    }
    for (const members of bands) {
      const group = lines.filter((line) => members.includes(line.run));
      if (group.length < 2) continue;
      const band = bandOf(group);
      const name = `${group[0].family ?? group[0].name} (${group.length} seeds)`;
      lines = lines.filter((line) => !group.includes(line));
      lines.push({ ...group[0], name, x: band.x, y: band.mean, band, mean: band.mean, low: band.low, high: band.high, size: 1, smoothed: true });
    }
    for (const line of lines) line.smoothed ||= smoothing > 0;
    return lines;
  }

  async download(key, kind) {
    const panel = this.panels.get(key);
    const lines = this.linesOf(panel.spec);
    const name = `ganscope-${key}.${kind}`;
    if (kind === "csv") {
      const rows = lines.flatMap((line) => line.x.map((x, i) => [`"${line.name.replaceAll('"', '""')}"`, x, line.y[i]].join(",")));
      return save(new Blob([`line,${this.data.xAxis},${panel.spec.key}\n${rows.join("\n")}\n`], { type: "text/csv" }), name);
    }
    if (kind === "pdf") return save(await this.pdf(panel, lines), name);
    const layout = layoutOf(this, panel.spec, lines, 900, PAPER);
    Object.assign(layout, {
      height: 480, paper_bgcolor: PAPER.background, showlegend: true, title: { text: escape(panel.spec.title), x: 0.02 },
      margin: { l: 56, r: 20, t: 56, b: 48 }, legend: { orientation: "h", y: -0.18 },
    }); // prettier-ignore
    const picture = await this.Plotly.toImage({ data: tracesOf(lines, PAPER), layout }, { format: kind, width: 900, height: 480, scale: 2 });
    save(await (await fetch(picture)).blob(), name);
  }

  async pdf(panel, lines) {
    const { spec, graph } = panel;
    const { xaxis, yaxis } = graph._fullLayout;
    const finite = (values) => Array.from(values, (value) => (Number.isFinite(value) ? value : null));
    const log = yaxis.type === "log";
    const response = await fetch(new URL("data/figure.pdf", serverRoot()), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        title: spec.title,
        x_title: this.data.xTitle,
        log_y: log,
        x_range: xaxis.range,
        y_range: log ? yaxis.range.map((power) => 10 ** power) : yaxis.range,
        lines: lines.map(({ name, x, y, color, dash }) => ({ name, x: finite(x), y: finite(y), color, dash })),
      }),
    });
    if (!response.ok) throw new Error(await response.text());
    return response.blob();
  }
}

function save(blob, name) {
  const link = element("a", "", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
}

/** Plotly reads names and titles as markup. */
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function tracesOf(lines, theme) {
  return lines.flatMap((line) => {
    const common = { type: "scatter", mode: "lines", legendgroup: line.run, showlegend: false, hoverinfo: "skip" };
    // Plotly looks for a removed trace by a selector made of its uid, where no other characters may stand.
    const uid = `${line.run}/${line.name}`.replaceAll(/[^\w-]/g, (mark) => `_${mark.codePointAt(0)}`);
    const traces = [];
    if (line.band) {
      const outline = { ...common, x: [...line.band.x, ...line.band.x.toReversed()], y: [...line.band.high, ...line.band.low.toReversed()] };
      traces.push({ ...outline, uid: `${uid}-band`, fill: "toself", fillcolor: line.color, opacity: 0.2, line: { width: 0 } });
    } else if (line.smoothed || line.size > 1) {
      // From the lowest to the highest of each bucket, so that no spike is lost.
      const x = line.size > 1 ? line.x.flatMap((place) => [place, place]) : line.x;
      const y = line.size > 1 ? line.low.flatMap((low, i) => [low, line.high[i]]) : line.mean;
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

function layoutOf(board, spec, lines, width, theme) {
  const { data, zoom } = board;
  const narrow = width < NARROW_PX;
  const log = (spec.log === "always" || (spec.log === "chosen" && data.logY)) && !data.baseline;
  const axis = {
    gridcolor: theme.grid, linecolor: theme.border, tickcolor: theme.border,
    tickfont: { color: theme.muted, size: 11 }, zeroline: false, automargin: true,
  }; // prettier-ignore
  const shown = data.clip && !spec.range ? withoutOutliers(lines.flatMap((line) => (line.smoothed ? line.y : line.mean))) : null;
  const span = spec.range && spec.range[1] - spec.range[0];
  const whole = spec.range && !data.baseline ? [spec.range[0] - 0.03 * span, spec.range[1] + 0.03 * span] : shown;
  const range = log && whole ? whole.map((value) => Math.log10(Math.max(value, 1e-12))) : whole;
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
      ...(range || empty ? { range: range ?? (log ? [-2, 0] : [0, 1]), autorange: false } : { autorange: true }),
    },
    shapes: [],
    annotations: [],
  }; // prettier-ignore
  const note = (text, place) => layout.annotations.push({ text: escape(text), showarrow: false, font: { size: 10, color: theme.muted }, bgcolor: theme.background, borderpad: 1, opacity: 0.85, ...place });
  const levels = data.baseline ? [[0, data.baselineName]] : spec.levels;
  for (const [y, label] of levels) {
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: { color: theme.muted, width: 1, dash: "dash" }, opacity: 0.8, layer: "below" });
    note(label, { xref: "paper", x: 1, xanchor: "right", y: log ? Math.log10(Math.max(y, 1e-12)) : y, yanchor: "bottom" });
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
  if (empty) note(board.hidden.size ? "hidden" : data.live ? "waiting for the first values" : "nothing was logged", { xref: "paper", x: 0.5, yref: "paper", y: 0.5, font: { size: 13, color: theme.muted } });
  return layout;
}

export default function ({ data, parentElement }) {
  const board = boards.get(data.key) ?? new Board(data);
  boards.set(data.key, board);
  if (board.root.parentElement !== parentElement) parentElement.append(board.root);
  board.take(data);
  loadPlotly(data.plotly).then(
    (Plotly) => {
      board.Plotly = Plotly;
      board.draw();
    },
    (error) => board.say(error.message),
  );
  board.draw();
  refresh();
  keepPolling();
  // Streamlit also runs the clean-up of a call that the next refresh overtook, while the board is still shown.
  return () => {
    setTimeout(() => board.root.isConnected || board.destroy(), KEEP_MS);
  };
}
