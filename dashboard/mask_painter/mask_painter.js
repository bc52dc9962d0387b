/*
 * An image whose pixels are painted over, with a mouse, a finger or the keyboard. What is hidden goes to Python as
 * `mask` after each stroke: a bit a pixel, row by row, the lowest bit first, in base64.
 */

const painters = new Map(); // key -> painter
const KEEP_MS = 60_000;

function hiddenCount(painter) {
  return painter.mask.reduce((sum, bit) => sum + bit, 0);
}

function draw(painter) {
  const { canvas, root, data, mask } = painter;
  const { width, height } = data;
  const shown = canvas.clientWidth;
  // In a closed tab there is no width yet; the observer calls again when there is.
  if (!shown) return;
  const scale = Math.min(3, window.devicePixelRatio || 1);
  const pixels = Math.round(shown * scale);
  if (canvas.width !== pixels) {
    canvas.width = pixels;
    canvas.height = Math.round((pixels * height) / width);
  }
  const context = canvas.getContext("2d");
  const cell = canvas.width / width;
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (painter.picture.complete && painter.picture.naturalWidth) {
    context.drawImage(painter.picture, 0, 0, canvas.width, canvas.height);
  }
  const style = getComputedStyle(root);
  context.fillStyle = style.getPropertyValue("--st-primary-color");
  context.globalAlpha = 0.72;
  for (let at = 0; at < mask.length; at++) {
    if (!mask[at]) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    // Whole pixels of the screen, or seams would show between neighbours.
    const [left, top] = [Math.round(x * cell), Math.round(y * cell)];
    context.fillRect(left, top, Math.round((x + 1) * cell) - left, Math.round((y + 1) * cell) - top);
  }
  context.globalAlpha = 1;
  if (painter.at && !data.disabled) {
    for (const [color, line] of [["#000", 3 * scale], ["#fff", scale]]) {
      context.beginPath();
      context.arc((painter.at[0] + 0.5) * cell, (painter.at[1] + 0.5) * cell, painter.brush * cell, 0, 2 * Math.PI);
      context.strokeStyle = color;
      context.lineWidth = line;
      context.stroke();
    }
  }
  const hidden = hiddenCount(painter);
  const share = (100 * hidden) / mask.length;
  const _ = (text) => data.words?.[text] ?? text;
  painter.total.textContent = _("{share} % hidden").replace("{share}", share.toFixed(share && share < 10 ? 1 : 0));
  painter.clear.disabled = data.disabled || !hidden;
  root.dataset.hidden = hidden;
}

/** Hide, or show again, what lies under the brush. */
function stamp(painter, [x, y]) {
  const { width, height } = painter.data;
  const reach = painter.brush;
  for (let row = Math.max(0, Math.floor(y - reach)); row <= Math.min(height - 1, Math.ceil(y + reach)); row++) {
    for (let column = Math.max(0, Math.floor(x - reach)); column <= Math.min(width - 1, Math.ceil(x + reach)); column++) {
      if (Math.hypot(column - x, row - y) <= reach) painter.mask[row * width + column] = painter.erasing ? 0 : 1;
    }
  }
}

function send(painter) {
  const packed = new Uint8Array(Math.ceil(painter.mask.length / 8));
  painter.mask.forEach((bit, at) => {
    if (bit) packed[at >> 3] |= 1 << (at & 7);
  });
  painter.setStateValue("mask", btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join("")));
}

/** Replace the mask by where `inside` says so, with coordinates from 0 to 1. */
function preset(painter, inside) {
  const { width, height } = painter.data;
  painter.mask = painter.mask.map((_bit, at) =>
    Number(inside(((at % width) + 0.5) / width, (Math.floor(at / width) + 0.5) / height)));
  draw(painter);
  send(painter);
}

function listen(painter) {
  const { canvas } = painter;
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    const { width, height } = painter.data;
    return [
      ((event.clientX - box.left) / box.width) * width - 0.5,
      ((event.clientY - box.top) / box.height) * height - 0.5,
    ];
  };
  let last;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || painter.data.disabled) return;
    canvas.setPointerCapture(event.pointerId);
    painter.at = last = where(event);
    stamp(painter, last);
    draw(painter);
  });
  canvas.addEventListener("pointermove", (event) => {
    painter.at = where(event);
    if (last) {
      const steps = Math.max(1, Math.ceil(2 * Math.hypot(painter.at[0] - last[0], painter.at[1] - last[1])));
      for (let i = 1; i <= steps; i++) {
        stamp(painter, last.map((part, axis) => part + (i / steps) * (painter.at[axis] - part)));
      }
      last = painter.at;
    }
    draw(painter);
  });
  const lift = () => {
    if (!last) return;
    last = undefined;
    send(painter);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  const leave = () => {
    painter.at = undefined;
    draw(painter);
  };
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("blur", leave);
  canvas.addEventListener("keydown", (event) => {
    const { width, height, disabled } = painter.data;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (disabled || (!move && event.key !== " " && event.key !== "Enter")) return;
    event.preventDefault();
    painter.at ??= [Math.floor(width / 2), Math.floor(height / 2)];
    if (move) {
      const ends = [width - 1, height - 1];
      painter.at = painter.at.map((part, axis) => Math.max(0, Math.min(ends[axis], Math.round(part) + move[axis])));
    } else {
      stamp(painter, painter.at);
      send(painter);
    }
    draw(painter);
  });
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function mount(data) {
  const _ = (text) => data.words?.[text] ?? text;
  const root = document.createElement("div");
  root.className = "painting-area mask-painter";
  root.dataset.testid = "mask-painter";
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", _("Image to paint on: what is painted over is hidden. Press and move, or move with the arrow keys and paint with the space bar."));
  canvas.style.aspectRatio = `${data.width} / ${data.height}`;
  const painter = {
    root, canvas, data, picture: new Image(), mask: new Array(data.width * data.height).fill(0),
    erasing: false, brush: Math.max(1, Math.round(data.width / 14)),
  };
  painter.picture.addEventListener("load", () => draw(painter));

  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0.5, max: Math.round(data.width / 4), step: 0.5, value: painter.brush });
  slider.addEventListener("input", () => {
    painter.brush = Number(slider.value);
  });
  const label = document.createElement("label");
  label.append(_("Brush"), slider);
  painter.erase = button(_("Erase"), () => {
    painter.erasing = !painter.erasing;
    painter.erase.setAttribute("aria-pressed", painter.erasing);
  });
  painter.erase.setAttribute("aria-pressed", "false");
  painter.clear = button(_("Clear"), () => preset(painter, () => false));
  painter.presets = [
    button(_("Lower half"), () => preset(painter, (_x, y) => y > 0.5)),
    button(_("Left half"), () => preset(painter, (x) => x < 0.5)),
    button(_("Centre"), () => preset(painter, (x, y) => Math.max(Math.abs(x - 0.5), Math.abs(y - 0.5)) < 0.25)),
  ];
  painter.total = document.createElement("output");
  painter.tools = [slider, painter.erase, ...painter.presets];
  const rows = [[label, painter.erase, painter.clear], [...painter.presets, painter.total]].map((parts) => {
    const row = document.createElement("div");
    row.className = "painting-tools";
    row.append(...parts);
    return row;
  });
  root.append(canvas, ...rows);
  listen(painter);
  const observer = new ResizeObserver(() => requestAnimationFrame(() => draw(painter)));
  observer.observe(canvas);
  painter.destroy = () => {
    if (painters.get(data.key) !== painter) return;
    observer.disconnect();
    root.remove();
    painters.delete(data.key);
  };
  return painter;
}

export default function ({ data, parentElement, setStateValue }) {
  const painter = painters.get(data.key) ?? mount(data);
  painters.set(data.key, painter);
  painter.setStateValue = setStateValue;
  painter.data = data;
  if (painter.picture.src !== data.image) painter.picture.src = data.image;
  painter.tools.forEach((tool) => {
    tool.disabled = data.disabled;
  });
  if (painter.root.parentElement !== parentElement) {
    // A painter of another size of image, or in another language, has the place.
    const others = parentElement.querySelectorAll(".mask-painter");
    others.forEach((other) => other.remove());
    parentElement.append(painter.root);
    // The server knows another painter's mask, or, back from another page, none.
    if (others.length || hiddenCount(painter)) send(painter);
  }
  draw(painter);
  return () => {
    setTimeout(() => painter.root.isConnected || painter.destroy(), KEEP_MS);
  };
}
