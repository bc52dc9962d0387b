/*
 * One canvas for each key, kept alive between refreshes; what arrives as `data` is described in pack.py.
 *
 * Streamlit calls the default export again whenever the data or the theme changes, usually with the same
 * parentElement. When elements above come or go it makes a new one; the canvas then moves over.
 */

const views = new Map(); // key -> view
const mounts = {}; // key -> canvases made for it since the page was loaded
// A canvas that left the page is kept this long, for a reader who comes back.
const KEEP_MS = 60_000;
const STEPS = 32767;
const MISSING = -32768;
// Arrows of length 1 in the data reach over this share of the side.
const ARROW = 0.055;
let words = {}; // English -> the page's language

/** A message in the page's language, with values for the names in it. */
function _(message, values = {}) {
  return (words[message] ?? message).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

const LIGHT = {
  below: [224, 122, 31], middle: [247, 247, 249], above: [43, 140, 196], field: 0.75,
  real: "#075985", fake: "#b93a06", manifold: "88, 28, 135", ink: "#1d2233", halo: "#ffffff",
};
const DARK = {
  below: [217, 119, 6], middle: [27, 30, 41], above: [14, 132, 199], field: 0.6,
  real: "#7dd3fc", fake: "#fdba74", manifold: "232, 213, 255", ink: "#e7e9f2", halo: "#11131a",
};

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** (2 N) numbers in [-1, 1], NaN where there is none. */
function pairs(text) {
  return Float32Array.from(new Int16Array(bytes(text).buffer), (step) => (step === MISSING ? NaN : step / STEPS));
}

function unpack(data) {
  return {
    real: pairs(data.real),
    fake: pairs(data.fake),
    manifold: pairs(data.manifold),
    arrows: pairs(data.arrows),
    field: bytes(data.field),
  };
}

function isDark(root) {
  const [r, g, b] = (getComputedStyle(root).getPropertyValue("--st-background-color").match(/\w\w/g) ?? ["ff"])
    .map((part) => parseInt(part, 16));
  return (r + (g ?? r) + (b ?? r)) / 3 < 128;
}

function blend(from, to, share) {
  return from.map((part, i) => Math.round(part + (to[i] - part) * share));
}

/** Colour of the field, from -1 over 0 to 1. */
function shade(palette, away) {
  return blend(palette.middle, away < 0 ? palette.below : palette.above, palette.field * Math.abs(away));
}

function drawField(context, view, side, palette) {
  const n = view.data.fieldSide;
  const image = new ImageData(n, n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      // The field's rows go up, the image's down.
      const step = view.parts.field[(n - 1 - row) * n + column];
      const color = shade(palette, step ? (step - 128) / 127 : 0);
      image.data.set([...color, 255], 4 * (row * n + column));
    }
  }
  const small = (view.small ??= document.createElement("canvas"));
  small.width = small.height = n;
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  // The outermost values stand on the edges, not half a step inside.
  context.drawImage(small, 0.5, 0.5, n - 1, n - 1, 0, 0, side, side);
}

/** Cells of the generator's grid: the more of z's mass on an area, the darker. */
function drawManifold(context, view, side, palette, place) {
  const [rows, columns] = view.data.manifoldSides;
  const at = (row, column) => place(view.parts.manifold, row * columns + column);
  const mass = 1 / ((rows - 1) * (columns - 1));
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const corners = [at(row, column), at(row, column + 1), at(row + 1, column + 1), at(row + 1, column)];
      const area = Math.abs(
        corners.reduce((sum, [x, y], i) => {
          const [nextX, nextY] = corners[(i + 1) % 4];
          return sum + (x * nextY - nextX * y) / 2;
        }, 0),
      );
      if (!Number.isFinite(area)) continue;
      // 0 where z is spread as over the whole square, 1 at a thousand times that.
      const density = Math.log10((mass * side * side) / Math.max(area, 1e-3)) / 3;
      context.fillStyle = `rgba(${palette.manifold}, ${(0.4 * Math.min(1, Math.max(0, density))).toFixed(3)})`;
      context.beginPath();
      corners.forEach(([x, y]) => context.lineTo(x, y));
      context.fill();
    }
  }
  context.strokeStyle = `rgba(${palette.manifold}, ${rows > 1 ? 0.38 : 0.9})`;
  context.lineWidth = rows > 1 ? 0.75 : 2;
  context.beginPath();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [x, y] = at(row, column);
      column ? context.lineTo(x, y) : context.moveTo(x, y);
    }
  }
  for (let column = 0; rows > 1 && column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      const [x, y] = at(row, column);
      row ? context.lineTo(x, y) : context.moveTo(x, y);
    }
  }
  context.stroke();
}

function drawPoints(context, points, color, radius, halo, place, scale) {
  // One dot drawn once and copied: 1,500 arcs would take as long as everything else.
  const reach = radius + (halo ? 1 : 0);
  const dot = document.createElement("canvas");
  dot.width = dot.height = Math.ceil(2 * reach * scale) + 2;
  const brush = dot.getContext("2d");
  const middle = dot.width / 2;
  const disc = (size, fill) => {
    brush.fillStyle = fill;
    brush.beginPath();
    brush.arc(middle, middle, size * scale, 0, 2 * Math.PI);
    brush.fill();
  };
  if (halo) disc(reach, halo);
  disc(radius, color);
  const width = dot.width / scale;
  for (let i = 0; i < points.length / 2; i++) {
    const [x, y] = place(points, i);
    if (Number.isFinite(x + y)) context.drawImage(dot, x - width / 2, y - width / 2, width, width);
  }
}

function drawModes(context, view, side, palette) {
  const radius = Math.max((view.data.modeRadius * side) / 2, 5);
  view.data.modes.forEach(([x, y], i) => {
    context.beginPath();
    context.arc(((x + 1) * side) / 2, ((1 - y) * side) / 2, radius + 2, 0, 2 * Math.PI);
    context.setLineDash(view.data.covered[i] ? [] : [2.5, 2.5]);
    context.lineWidth = 3.5;
    context.strokeStyle = palette.halo;
    context.stroke();
    context.lineWidth = 1.5;
    context.strokeStyle = palette.ink;
    context.stroke();
  });
  context.setLineDash([]);
}

function drawArrows(context, view, side, palette, place) {
  for (const [width, color] of [[3.5, palette.halo], [1.4, palette.ink]]) {
    context.lineWidth = width;
    context.strokeStyle = color;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    for (let i = 0; i < view.parts.arrows.length / 2; i++) {
      const [x, y] = place(view.parts.fake, i);
      const dx = 2 * view.parts.arrows[2 * i] * ARROW * side;
      const dy = -2 * view.parts.arrows[2 * i + 1] * ARROW * side;
      const length = Math.hypot(dx, dy);
      if (!(length > 2.5) || !Number.isFinite(x + y)) continue;
      const head = Math.min(4.5, length / 2) / length;
      context.moveTo(x, y);
      context.lineTo(x + dx, y + dy);
      context.moveTo(x + dx - head * (dx + 0.6 * dy), y + dy - head * (dy - 0.6 * dx));
      context.lineTo(x + dx, y + dy);
      context.lineTo(x + dx - head * (dx - 0.6 * dy), y + dy - head * (dy + 0.6 * dx));
    }
    context.stroke();
  }
}

function draw(view) {
  const { root, canvas, data, parts } = view;
  const side = canvas.clientWidth;
  // In a closed tab or expander there is no width yet; the observer calls again when there is.
  if (!side) return;
  const scale = Math.min(3, window.devicePixelRatio || 1);
  const pixels = Math.round(side * scale);
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  const dark = isDark(root);
  const palette = dark ? DARK : LIGHT;
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = `rgb(${palette.middle})`;
  context.fillRect(0, 0, side, side);
  const half = side / 2;
  const reach = data.reach * half;
  const place = (points, i) => [half + reach * points[2 * i], half - reach * points[2 * i + 1]];
  const shown = new Set(data.layers);
  if (shown.has("field")) drawField(context, view, side, palette);
  if (shown.has("manifold")) drawManifold(context, view, side, palette, place);
  const size = side < 340 ? 0.8 : 1;
  if (shown.has("real")) drawPoints(context, parts.real, palette.real, 1.3 * size, null, place, scale);
  if (shown.has("fake")) drawPoints(context, parts.fake, palette.fake, 1.7 * size, palette.halo, place, scale);
  if (shown.has("modes")) drawModes(context, view, side, palette);
  if (shown.has("arrows")) drawArrows(context, view, side, palette, place);
  writeLegend(view, shown, palette);
  root.dataset.iteration = data.iteration;
  root.dataset.draws = Number(root.dataset.draws ?? 0) + 1;
}

/** A number in three digits, as the legend and the pointer show it. */
function short(value) {
  return Math.abs(value) >= 1000 || (value && Math.abs(value) < 0.001)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}

function element(tag, text = "", style = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  Object.assign(made.style, style);
  return made;
}

/** What the samples' mark says: how many lie beyond the square, too, where there are some. */
function samplesText({ data, parts }) {
  const coordinates = Array.from(parts.fake, (part) => Math.abs(part * data.reach) <= 1);
  const count = coordinates.length / 2;
  const inside = coordinates.filter((within, i) => i % 2 && within && coordinates[i - 1]).length;
  return inside < count ? _("samples, {percent} % outside", { percent: Math.ceil((100 * (count - inside)) / count) }) : _("samples");
}

function writeLegend(view, shown, palette) {
  const { data, keys, scale } = view;
  const marks = [];
  const key = (text, style) => {
    const item = element("span");
    item.append(element("i", "", style), text);
    marks.push(item);
  };
  if (shown.has("real")) key(_("data"), { background: palette.real });
  if (shown.has("fake")) key(samplesText(view), { background: palette.fake });
  if (shown.has("modes") && data.modes.length) {
    key(_("mode found"), { background: "none", border: `1.5px solid ${palette.ink}` });
    key(_("missed"), { background: "none", border: `1.5px dashed ${palette.ink}` });
  }
  if (shown.has("manifold")) {
    key(_("G's grid of z"), { background: `rgba(${palette.manifold}, 0.45)`, borderRadius: "2px" });
  }
  keys.replaceChildren(...marks);

  if (!shown.has("field")) {
    scale.replaceChildren();
    return;
  }
  const colors = [-1, -0.5, 0, 0.5, 1].map((away) => `rgb(${shade(palette, away)})`);
  const [low, middle, high] = data.fieldLimits.map(short);
  const name = data.fieldKind === "probability" ? "D" : _("score");
  scale.replaceChildren(
    element("i", "", { background: `linear-gradient(to right, ${colors.join(", ")})` }),
    element("span", _("{low} fake", { low })),
    element("span", view.pointed ?? `${name} ${middle}`),
    element("span", _("real {high}", { high })),
  );
}

/** What D says under the pointer, where the middle of the scale stands otherwise. */
function point(view, event) {
  const { data, parts, canvas } = view;
  const box = canvas.getBoundingClientRect();
  const n = data.fieldSide;
  const column = Math.round(((event.clientX - box.left) / box.width) * (n - 1));
  const row = Math.round((1 - (event.clientY - box.top) / box.height) * (n - 1));
  const step = parts.field[row * n + column];
  if (!step || row < 0 || column < 0 || column >= n) return;
  const away = (step - 128) / 127;
  const [low, middle, high] = data.fieldLimits;
  const value = middle + away * (away < 0 ? middle - low : high - middle);
  const number = short(Number(value.toFixed(2)));
  view.pointed = data.fieldKind === "probability" ? _("D here {number}", { number }) : _("score here {number}", { number });
  view.scale.children[2]?.replaceChildren(view.pointed);
}

function mount(data) {
  const root = element("figure", "", { margin: "0 auto" });
  root.className = "plane-view";
  root.dataset.testid = "plane-view";
  root.dataset.key = data.key;
  root.dataset.mounts = mounts[data.key] = (mounts[data.key] ?? 0) + 1;
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  const legend = element("div");
  legend.className = "plane-view-legend";
  const keys = element("div");
  keys.className = "plane-view-keys";
  const scale = element("div");
  scale.className = "plane-view-scale";
  legend.append(keys, scale);
  root.append(canvas, legend);

  const view = { root, canvas, keys, scale, data };
  canvas.addEventListener("pointermove", (event) => point(view, event));
  canvas.addEventListener("pointerleave", () => {
    view.pointed = undefined;
    draw(view);
  });
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    requestAnimationFrame(() => draw(view));
  });
  observer.observe(canvas);
  view.destroy = () => {
    if (views.get(data.key) !== view) return;
    observer.disconnect();
    root.remove();
    views.delete(data.key);
  };
  return view;
}

export default function ({ data, parentElement }) {
  words = data.words;
  const view = views.get(data.key) ?? mount(data);
  views.set(data.key, view);
  view.data = data;
  view.parts = unpack(data);
  if (view.root.parentElement !== parentElement) parentElement.append(view.root);
  view.canvas.setAttribute("aria-label", data.label);
  draw(view);
  // Streamlit also runs the clean-up of a call that the next refresh overtook, while the canvas is still shown.
  return () => {
    setTimeout(() => view.root.isConnected || view.destroy(), KEEP_MS);
  };
}
