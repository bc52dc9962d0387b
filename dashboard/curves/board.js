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
const mounts = {}; // key -> boards built for it since the page was loaded

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
    this.answered = false; // by the server, once: an empty chart before would be drawn for nothing
    this.root = element("div", "curve-board", { "data-testid": "curve-board", "data-key": data.key });
    this.root.dataset.mounts = mounts[data.key] = (mounts[data.key] ?? 0) + 1;
    this.legend = element("div", "cb-legend", { role: "group" });
    this.note = element("p", "cb-note", { role: "status" });
    this.grid = element("div", "cb-grid");
    this.table = element("a", "cb-button", { download: "" });
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

  /** Tell the reader; `failed` asks the server again even where nothing trains. */
  say(text, failed = false) {
    this.failed = failed;
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
      panel.reset.textContent = _("Reset zoom");
      panel.legend.setAttribute("aria-label", _("Lines of {chart}", { chart: spec.title }));
      panel.menu.title = _("Download");
      panel.menu.setAttribute("aria-label", _("Download {chart}", { chart: spec.title }));
      const place = data.panels.indexOf(spec);
      if (this.grid.children[place] !== panel.figure) this.grid.insertBefore(panel.figure, this.grid.children[place] ?? null);
      // One line is named by the title.
      const own = data.runs.length || spec.lines.length < 2 ? [] : spec.lines;
      this.fillLegend(panel.legend, own.map((line) => [this.idOf(spec, line), line]));
    }
    this.legend.hidden = !data.runs.length;
    if (data.runs.length) {
      this.legend.setAttribute("aria-label", _("Runs: press to hide or show"));
      this.table.textContent = _("⤓ All rows of these runs (CSV)");
      this.fillLegend(this.legend, data.runs.map((run) => [run.id, run]));
      const query = data.runs.map((run) => `run=${encodeURIComponent(run.id)}`).join("&");
      this.table.href = new URL(`data/curves.csv?${query}`, serverRoot()).href;
    }
    this.table.hidden = !data.runs.length;
  }

  /** A line's name among what can be hidden: its run's where runs have the legend, else its own. */
  idOf(spec, line) {
    return this.data.runs.length ? line.run : `${spec.key}/${line.column}`;
  }

  isHidden(spec) {
    return spec.lines.some((line) => this.hidden.has(this.idOf(spec, line)));
  }

  addPanel(spec) {
    const title = element("span", "cb-title");
    const hint = element("span", "cb-hint");
    const legend = element("div", "cb-lines", { role: "group" });
    const reset = element("button", "cb-button", { type: "button", hidden: "" });
    reset.addEventListener("click", () => this.setZoom(null));
    const menu = this.downloadMenu(spec);
    const graph = element("div", "cb-graph");
    const words = element("p", "cb-words");
    const head = element("div", "cb-head", {}, title, hint, legend, reset, menu.parentElement);
    const figure = element("figure", "cb-panel", { "data-panel": spec.key, "data-testid": "curve-panel" }, head, graph, words);
    const panel = { spec, figure, title, hint, legend, reset, menu, graph, words, visible: true, draws: 0 };
    this.panels.set(spec.key, panel);
    this.grid.append(figure);
    this.seen.observe(figure);
    return panel;
  }

  /** The part of the menu that is always seen. */
  downloadMenu(spec) {
    const summary = element("summary", "cb-button", {}, "⤓");
    const list = element("div", "cb-choices");
    const menu = element("details", "cb-menu", {}, summary, list);
    for (const kind of ["PNG", "SVG", "PDF", "CSV"]) {
      const choice = element("button", "", { type: "button" }, kind);
      choice.addEventListener("click", () => {
        menu.open = false;
        download(this, spec.key, kind.toLowerCase()).catch((error) => this.say(error.message));
      });
      list.append(choice);
    }
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape") menu.open = false;
    });
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(event.relatedTarget)) menu.open = false;
    });
    return summary;
  }

  fillLegend(legend, entries) {
    const title = _("Hide or show; double-click: this alone");
    const wanted = JSON.stringify([title, entries]);
    if (legend.dataset.entries === wanted) return;
    legend.dataset.entries = wanted;
    const focused = legend.querySelector(":focus")?.dataset.id;
    legend.replaceChildren(
      ...entries.map(([id, { name, color, dash }]) => {
        const chip = element("button", "cb-chip", { type: "button", "data-id": id, title }, swatch(color, dash), name);
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
      wanted.push({ run: want.run, source: want.source, columns: want.columns, range: [from, to] });
    }
    if (!wanted.length) return;
    const found = await ask(wanted).catch(() => []);
    if (zooms !== this.zooms) return;
    found.forEach((part, i) => {
      const log = logs.get(nameOf(wanted[i]));
      if (part.rows) this.closer.set(nameOf(wanted[i]), framed(log, unpack(part)));
    });
    this.draw(true);
  }

  /** Follow runs that have gone on within the zoomed part, beyond what was fetched of it. */
  catchUp() {
    const ends = (log) => log?.x[this.data.xAxis]?.at(-1);
    const isBehind = (want) => {
      const log = logs.get(nameOf(want));
      const close = this.closer.get(nameOf(want));
      return log?.size > 1 && !(close?.x[this.data.xAxis][close.inner[1] - 1] >= Math.min(this.zoom[1], ends(log)));
    };
    if (this.zoom && wantedBy([this]).some(isBehind)) this.fetchCloser(this.zooms);
  }

  draw(now = false) {
    if (this.drawing && !now) return;
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => {
      this.drawing = undefined;
      if (!this.Plotly || !this.answered || (this.pressed && !now) || !this.root.clientWidth) return;
      const theme = readTheme(this.root);
      const shown = [];
      for (const spec of this.data.panels) {
        const panel = this.panels.get(spec.key);
        panel.spec = spec;
        if (panel.visible) shown.push([panel, panel.graph.clientWidth]);
      }
      // Widths first: asked for between two drawings, each would have the browser lay out the whole page.
      for (const [panel, width] of shown) if (width) this.drawPanel(panel, width, theme);
    });
  }

  /** Whether a chart shows differences: one of numbers that the baseline does not have stays as it is. */
  isCompared(spec) {
    return spec.lines.some((line) => line.run === this.data.baseline);
  }

  drawPanel(panel, width, theme) {
    const { spec, graph, figure } = panel;
    const lines = linesOf(this, spec);
    const layout = layoutOf(this, spec, lines, width, theme);
    this.Plotly.react(graph, tracesOf(lines, theme, width), layout, { displayModeBar: false, doubleClick: false, plotlyServerURL: "" });
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
    figure.setAttribute("aria-label", _("{chart} over {axis}", { chart: spec.title, axis: this.data.xTitle }));
    const [none, comma] = [_("none"), _(", ")];
    const last = lines.filter((line) => line.y.length).map((line) => `${line.name} ${line.y.findLast(Number.isFinite)?.toPrecision(3) ?? none}`);
    const said = last.length ? _("Last values: {values}.", { values: last.join(comma) }) : _("No values yet.");
    if (panel.words.textContent !== said) panel.words.textContent = said;
  }

}

export default function ({ data, parentElement }) {
  words = data.words;
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
