/*
 * A board to paint points on, with a mouse, a finger or the keyboard. What was painted goes to Python as `points`,
 * after each stroke: little-endian int16 pairs in base64, 32767 at the right and upper edge.
 */

const boards = new Map(); // key -> board
const KEEP_MS = 60_000;
const STEPS = 32767;
const MOST = 5000;
// Points a stroke leaves for every brush radius it moves, and a single press.
const PER_RADIUS = 10;
const PER_PRESS = 24;
const STEP = 0.05;

let words = {}; // English -> the page's language

/** A message in the page's language, with values for the names in it. */
function _(message, values = {}) {
  return (words[message] ?? message).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Two numbers that are normal, of standard deviation 1. */
function normals() {
  const length = Math.sqrt(-2 * Math.log(1 - Math.random()));
  const angle = 2 * Math.PI * Math.random();
  return [length * Math.cos(angle), length * Math.sin(angle)];
}

function count(board) {
  return board.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
}

function scatter(board, x, y, points) {
  const room = MOST - count(board);
  for (let i = 0; i < Math.min(points, room); i++) {
    const [dx, dy] = normals();
    const place = [x + (board.brush * dx) / 2, y + (board.brush * dy) / 2];
    if (Math.max(Math.abs(place[0]), Math.abs(place[1])) <= 1) board.strokes.at(-1).push(place);
  }
}

function draw(board) {
  const { canvas, root } = board;
  const side = canvas.clientWidth;
  if (!side) return;
  const scale = Math.min(3, window.devicePixelRatio || 1);
  const pixels = Math.round(side * scale);
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  const style = getComputedStyle(root);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, side, side);
  context.strokeStyle = style.getPropertyValue("--st-border-color-light") || style.getPropertyValue("--st-border-color");
  context.lineWidth = 1;
  for (const share of [0.25, 0.5, 0.75]) {
    const at = Math.round(share * side) + 0.5;
    context.beginPath();
    context.moveTo(at, 0);
    context.lineTo(at, side);
    context.moveTo(0, at);
    context.lineTo(side, at);
    context.stroke();
  }
  context.fillStyle = style.getPropertyValue("--st-primary-color");
  for (const stroke of board.strokes) {
    for (const [x, y] of stroke) {
      context.beginPath();
      context.arc(((x + 1) * side) / 2, ((1 - y) * side) / 2, 1.5, 0, 2 * Math.PI);
      context.fill();
    }
  }
  if (board.at) {
    context.beginPath();
    context.arc(((board.at[0] + 1) * side) / 2, ((1 - board.at[1]) * side) / 2, (board.brush * side) / 2, 0, 2 * Math.PI);
    context.strokeStyle = style.getPropertyValue("--st-gray-text-color");
    context.stroke();
  }
  const painted = count(board);
  board.hint.hidden = painted > 0 || Boolean(board.at);
  board.undo.disabled = board.clear.disabled = !painted;
  const values = { count: painted.toLocaleString("en") };
  board.total.textContent = painted >= MOST ? _("{count} points, the most there can be", values) : _("{count} points", values);
  root.dataset.points = painted;
}

/** Tell Python what there is now. */
function send(board) {
  const places = board.strokes.flat();
  const steps = new DataView(new ArrayBuffer(4 * places.length));
  places.forEach(([x, y], i) => {
    steps.setInt16(4 * i, Math.round(x * STEPS), true);
    steps.setInt16(4 * i + 2, Math.round(y * STEPS), true);
  });
  const letters = Array.from(new Uint8Array(steps.buffer), (byte) => String.fromCharCode(byte)).join("");
  board.setStateValue("points", btoa(letters));
}

function change(board, action) {
  action();
  draw(board);
  send(board);
}

function listen(board) {
  const { canvas } = board;
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height];
  };
  let last;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    board.at = last = where(event);
    board.strokes.push([]);
    scatter(board, ...last, PER_PRESS);
    draw(board);
  });
  canvas.addEventListener("pointermove", (event) => {
    board.at = where(event);
    if (last) {
      const moved = Math.hypot(board.at[0] - last[0], board.at[1] - last[1]);
      const points = Math.round((PER_RADIUS * moved) / board.brush);
      for (let i = 1; i <= points; i++) {
        const share = i / points;
        scatter(board, last[0] + share * (board.at[0] - last[0]), last[1] + share * (board.at[1] - last[1]), 1);
      }
      // What is too short for a point adds to the next move.
      if (points) last = board.at;
    }
    draw(board);
  });
  const lift = () => {
    if (!last) return;
    last = undefined;
    send(board);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  const leave = () => {
    board.at = undefined;
    draw(board);
  };
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("blur", leave);
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const move = moves[event.key];
    if (!move && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    board.at ??= [0, 0];
    if (move) {
      board.at = board.at.map((part, i) => Math.max(-1, Math.min(1, part + STEP * move[i])));
      draw(board);
      return;
    }
    change(board, () => {
      board.strokes.push([]);
      scatter(board, ...board.at, PER_PRESS);
    });
  });
}

function mount(data) {
  const root = document.createElement("div");
  root.className = "painting-area drawing-board";
  root.dataset.testid = "drawing-board";
  root.innerHTML = `
    <div class="drawing-board-paper">
      <canvas tabindex="0" role="application"></canvas>
      <span class="drawing-board-hint"></span>
    </div>
    <div class="painting-tools">
      <label><span></span> <input type="range" min="0.02" max="0.3" step="0.02" value="0.1"></label>
      <button type="button"></button>
      <button type="button"></button>
      <output></output>
    </div>`;
  const [canvas, hint, label, slider, undo, clear, total] = ["canvas", ".drawing-board-hint", "label span", "input",
    "button", "button + button", "output"].map((found) => root.querySelector(found));
  const board = { root, canvas, hint, label, undo, clear, total, strokes: [], brush: Number(slider.value) };
  slider.addEventListener("input", () => {
    board.brush = Number(slider.value);
  });
  undo.addEventListener("click", () => change(board, () => board.strokes.pop()));
  clear.addEventListener("click", () => change(board, () => board.strokes.splice(0)));
  listen(board);
  const observer = new ResizeObserver(() => requestAnimationFrame(() => draw(board)));
  observer.observe(canvas);
  board.destroy = () => {
    if (boards.get(data.key) !== board) return;
    observer.disconnect();
    root.remove();
    boards.delete(data.key);
  };
  return board;
}

function name(board) {
  board.canvas.setAttribute("aria-label", _("Board to paint points on: press and move, or move with the arrow keys and paint with the space bar"));
  board.hint.textContent = _("paint here");
  board.label.textContent = _("Brush");
  board.undo.textContent = _("Undo");
  board.clear.textContent = _("Clear");
}

export default function ({ data, parentElement, setStateValue }) {
  words = data.words;
  const board = boards.get(data.key) ?? mount(data);
  boards.set(data.key, board);
  board.setStateValue = setStateValue;
  if (board.root.parentElement !== parentElement) {
    parentElement.append(board.root);
    // Back from another page: the strokes are still here, but the server has forgotten them.
    if (board.strokes.length) send(board);
  }
  name(board);
  draw(board);
  return () => {
    setTimeout(() => board.root.isConnected || board.destroy(), KEEP_MS);
  };
}
