/*
 * One wall of galleries for each key, kept alive between refreshes; what arrives as `data` is described in columns.py.
 *
 * All frames of a column lie on one another and one of them is shown, so a step of the scrubber asks nobody. Where
 * the scrubber stands, which tile is picked and whether it plays belong to the wall; Python is told when they rest.
 */

const walls = new Map(); // key -> wall
const mounts = {}; // key -> walls made for it since the page was loaded
// A wall that left the page is kept this long, for a reader who comes back.
const KEEP_MS = 60_000;
const STEP_MS = 1000;
const REST_MS = 300;
const ALWAYS = [0, 25, 50, 75, 100];
// Two labels of the scale nearer than this would overlap.
const LABEL_APART = 9;
const NARROW_PX = 520;
const GAP_PX = 16;
const LEAST_PX = 180;
const MOST_PX = 400;

let words = {}; // English -> the page's language

/** A message in the page's language, with values for the names in it. */
function _(message, values = {}) {
  return (words[message] ?? message).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function element(tag, name, text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}

function percentText(percent) {
  return `${Number(percent.toFixed(1))} %`;
}

/** Where the scrubber can stand: the plan's milestones, and wherever else some run has one. */
function stopsOf(data) {
  const places = data.columns.flatMap((column) => column.frames.map((frame) => frame.percent));
  return [...new Set([...ALWAYS, ...places])].sort((a, b) => a - b);
}

/** A column's latest frame at or before a percentage. */
function frameAt(column, percent) {
  return column.frames.findLast((frame) => frame.percent <= percent);
}

function nearest(stops, value) {
  return stops.reduce((best, stop) => (Math.abs(stop - value) < Math.abs(best - value) ? stop : best));
}

/** The stop so many places on, or the last there is. */
function stepped(wall, steps) {
  const { stops, percent } = wall;
  const at = stops.indexOf(nearest(stops, percent));
  return stops[Math.max(0, Math.min(stops.length - 1, at + steps))];
}

function tell(wall, soon = false) {
  clearTimeout(wall.resting);
  const now = () => {
    if (wall.told === wall.percent) return;
    wall.told = wall.percent;
    wall.setStateValue("percent", wall.percent);
  };
  if (soon) now();
  else wall.resting = setTimeout(now, REST_MS);
}

function moveTo(wall, percent) {
  wall.percent = percent;
  draw(wall);
  // While it plays Python is not asked to follow.
  if (!wall.playing) tell(wall);
}

function pause(wall) {
  clearInterval(wall.playing);
  wall.playing = undefined;
  tell(wall, true);
  drawButton(wall);
}

function advance(wall) {
  const last = wall.stops.at(-1);
  moveTo(wall, wall.percent >= last ? wall.stops[0] : stepped(wall, 1));
}

function play(wall) {
  if (wall.playing) return pause(wall);
  // What would move by itself is stepped by hand where the reader has asked for no motion.
  if (!calm.matches) wall.playing = setInterval(() => advance(wall), STEP_MS);
  advance(wall);
  drawButton(wall);
}

function drawButton(wall) {
  const name = wall.playing ? _("Pause") : calm.matches ? _("Next milestone") : _("Play through the training");
  wall.button.setAttribute("aria-label", name);
  wall.button.title = name;
  wall.button.dataset.state = wall.playing ? "playing" : "paused";
}

function pick(wall, part, index) {
  const { column } = part;
  const frame = frameAt(column, wall.percent);
  const chosen = wall.picked;
  const again = chosen?.run === column.run && chosen.tile === index && chosen.percent === frame.percent;
  wall.picked = again ? null : { run: column.run, percent: frame.percent, tile: index };
  pause(wall);
  wall.setStateValue("picked", wall.picked);
  draw(wall);
}

/** The arrow keys walk over a column's tiles; the Tab key goes from column to column. */
function walk(part, event, index) {
  const { across } = part.column;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  const next = part.tiles[index + step];
  if (!step) return;
  event.preventDefault();
  if (!next) return;
  part.tiles.forEach((tile) => (tile.tabIndex = -1));
  next.tabIndex = 0;
  next.focus();
}

function makePart(wall, column) {
  const root = element("section", "wall-column");
  const head = element("h4", "wall-name");
  const frame = element("div", "wall-frame");
  const grid = element("div", "wall-tiles");
  const empty = element("p", "wall-empty");
  const caption = element("p", "wall-caption");
  frame.append(empty, grid);
  root.append(head, frame, caption);
  const part = { root, head, frame, grid, empty, caption, column, pictures: new Map(), tiles: [] };
  column.tiles.forEach((_kind, index) => {
    const tile = element("button", "wall-tile");
    tile.type = "button";
    tile.tabIndex = index ? -1 : 0;
    tile.addEventListener("click", () => pick(wall, part, index));
    tile.addEventListener("keydown", (event) => walk(part, event, index));
    part.tiles.push(tile);
  });
  grid.append(...part.tiles);
  grid.style.gridTemplateColumns = `repeat(${column.across}, 1fr)`;
  return part;
}

/** Pictures that are new are added, those that changed are replaced; the others stay as they are. */
function fill(part) {
  const wanted = new Set(part.column.frames.map((frame) => frame.src));
  for (const [source, picture] of part.pictures) {
    if (wanted.has(source)) continue;
    picture.remove();
    part.pictures.delete(source);
  }
  for (const frame of part.column.frames) {
    if (part.pictures.has(frame.src)) continue;
    const picture = element("img", "wall-picture");
    picture.src = frame.src;
    picture.draggable = false;
    // Decoded beforehand, so that its first show is no flash.
    picture.decode().catch(() => {});
    part.frame.prepend(picture);
    part.pictures.set(frame.src, picture);
  }
}

function drawPart(wall, part) {
  const { column } = part;
  const frame = frameAt(column, wall.percent);
  part.root.style.setProperty("--run-color", column.color);
  part.root.dataset.run = column.run;
  part.root.setAttribute("aria-label", _("Samples of {run}", { run: column.name }));
  part.head.textContent = part.head.title = column.name;
  const [width, height] = frame?.size ?? [1, 1];
  part.frame.style.aspectRatio = `${width} / ${height}`;
  part.frame.classList.toggle("waiting", !frame);
  const first = column.frames[0];
  const waiting = first ? _("begins at {percent}", { percent: percentText(first.percent) }) : _("not reached yet");
  part.empty.textContent = frame ? "" : column.note || waiting;
  part.grid.hidden = !frame;
  for (const [source, picture] of part.pictures) {
    const shown = source === frame?.src;
    picture.classList.toggle("shown", shown);
    // Of a wall of tiles each tile has its own name.
    const isNamed = shown && !part.tiles.length;
    picture.alt = isNamed ? _("Gallery of {run} at {percent}", { run: column.name, percent: percentText(frame.percent) }) : "";
  }
  const at = frame && percentText(frame.percent);
  part.caption.textContent = frame ? _("{percent} · iteration {iteration}", { percent: at, iteration: frame.iteration.toLocaleString("en") }) : "\u00a0";
  part.root.dataset.percent = frame?.percent ?? "";
  const chosen = wall.picked;
  part.tiles.forEach((tile, index) => {
    const kind = column.tiles[index];
    const isHere = chosen?.run === column.run && chosen.tile === index;
    const values = { number: index + 1, kind, run: column.name, percent: at };
    const name = kind ? _("Sample {number}, {kind} of {run} at {percent}", values) : _("Sample {number} of {run} at {percent}", values);
    tile.setAttribute("aria-label", name);
    tile.title = kind;
    tile.setAttribute("aria-pressed", String(isHere));
    // The same z in the other runs.
    tile.classList.toggle("akin", !isHere && chosen?.tile === index);
  });
}

function drawScale(wall) {
  const labelled = [...ALWAYS];
  for (const stop of wall.stops) {
    if (labelled.every((other) => Math.abs(other - stop) >= LABEL_APART)) labelled.push(stop);
  }
  wall.scale.replaceChildren(
    ...wall.stops.map((stop) => {
      const tick = element("span", "wall-tick", labelled.includes(stop) ? percentText(stop) : "");
      tick.style.setProperty("--at", stop / 100);
      return tick;
    }),
  );
}

/** Columns so wide that a sample's pixel is a whole number of the screen's, and all fit where they can. */
function fit(wall) {
  const room = wall.columns.clientWidth;
  if (!room) return;
  const count = wall.parts.size;
  wall.root.classList.toggle("narrow", room < NARROW_PX);
  const own = Math.min(...wall.data.columns.flatMap((column) => column.frames.slice(0, 1).map((f) => f.size[0])));
  const pixel = Number.isFinite(own) ? own : LEAST_PX;
  const fair = Math.min(MOST_PX, Math.max(LEAST_PX, (room - GAP_PX * (count - 1)) / count));
  const whole = Math.floor(fair / pixel) * pixel;
  wall.columns.style.setProperty("--column", `${whole >= LEAST_PX ? whole : fair}px`);
}

function draw(wall) {
  wall.slider.value = wall.percent;
  wall.slider.style.setProperty("--to", wall.percent / 100);
  const text = percentText(wall.percent);
  wall.slider.setAttribute("aria-label", _("Percent of the training"));
  wall.slider.setAttribute("aria-valuetext", _("{percent} of the training", { percent: text }));
  wall.output.textContent = text;
  wall.parts.forEach((part) => drawPart(wall, part));
  wall.root.dataset.percent = wall.percent;
  wall.root.dataset.frames = wall.root.querySelectorAll(".wall-picture").length;
}

function update(wall, data) {
  wall.data = data;
  wall.stops = stopsOf(data);
  const parts = new Map();
  for (const column of data.columns) {
    let part = wall.parts.get(column.run);
    if (part?.tiles.length !== column.tiles.length) part = makePart(wall, column);
    part.column = column;
    fill(part);
    parts.set(column.run, part);
  }
  const roots = [...parts.values()].map((part) => part.root);
  // Putting an element where it is already would take its focus.
  if (roots.some((root, i) => root !== wall.columns.children[i]) || roots.length !== wall.columns.children.length) {
    wall.columns.replaceChildren(...roots);
  }
  wall.parts = parts;
  wall.caption.textContent = data.caption;
  drawScale(wall);
  drawButton(wall);
  fit(wall);
  draw(wall);
}

function mount(data) {
  const root = element("figure", "gallery-wall");
  root.dataset.testid = "gallery-wall";
  root.dataset.key = data.key;
  root.dataset.mounts = mounts[data.key] = (mounts[data.key] ?? 0) + 1;
  const bar = element("div", "wall-bar");
  const button = element("button", "wall-play");
  button.type = "button";
  const track = element("div", "wall-track");
  const slider = element("input", "drawn-slider wall-slider");
  Object.assign(slider, { type: "range", min: 0, max: 100, step: 0.1 });
  const scale = element("div", "wall-scale");
  scale.setAttribute("aria-hidden", "true");
  track.append(slider, scale);
  const output = element("output", "wall-percent");
  output.setAttribute("aria-live", "off");
  bar.append(button, track, output);
  const columns = element("div", "wall-columns");
  const caption = element("figcaption", "wall-note");
  root.append(bar, columns, caption);

  const wall = {
    root, button, slider, scale, output, columns, caption, data,
    parts: new Map(), percent: data.percent, picked: data.picked, told: data.percent, playing: undefined,
  };
  button.addEventListener("click", () => play(wall));
  slider.addEventListener("input", () => {
    if (wall.playing) pause(wall);
    moveTo(wall, nearest(wall.stops, Number(slider.value)));
  });
  slider.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, PageDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    if (wall.playing) pause(wall);
    moveTo(wall, stepped(wall, step));
  });
  const still = () => {
    if (wall.playing) pause(wall);
    drawButton(wall);
  };
  calm.addEventListener("change", still);
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (columns.clientWidth === width) return;
    width = columns.clientWidth;
    requestAnimationFrame(() => fit(wall));
  });
  observer.observe(columns);
  wall.destroy = () => {
    if (walls.get(data.key) !== wall) return;
    clearInterval(wall.playing);
    clearTimeout(wall.resting);
    calm.removeEventListener("change", still);
    observer.disconnect();
    root.remove();
    walls.delete(data.key);
  };
  return wall;
}

export default function ({ data, parentElement, setStateValue }) {
  words = data.words;
  const known = walls.get(data.key);
  const wall = known ?? mount(data);
  walls.set(data.key, wall);
  wall.setStateValue = setStateValue;
  const isBack = known && wall.root.parentElement !== parentElement;
  if (wall.root.parentElement !== parentElement) parentElement.append(wall.root);
  update(wall, data);
  if (isBack && (wall.percent !== data.percent || wall.picked !== data.picked)) {
    // Back from another page: the wall is as it was left, but the server has forgotten.
    wall.told = wall.percent;
    setStateValue("percent", wall.percent);
    setStateValue("picked", wall.picked);
  }
  // Streamlit also runs the clean-up of a call that the next refresh overtook, while the wall is still shown.
  return () => {
    setTimeout(() => wall.root.isConnected || wall.destroy(), KEEP_MS);
  };
}
