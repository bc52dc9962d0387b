/* Pieces of the page: canvases that images are painted on, sliders that answer while they move, downloads. */

function element(tag, className, attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A canvas in a figure; `paint` draws on it, `label` names it for those who do not see it. */
function picture(className = "", caption = "") {
  const canvas = element("canvas", "", { role: "img", "aria-label": caption });
  const words = element("figcaption", "", {}, caption);
  const root = element("figure", `latent-picture ${className}`, {}, canvas, words);
  return {
    root,
    canvas,
    label(text, alt = text) {
      words.textContent = text;
      canvas.setAttribute("aria-label", alt);
    },
  };
}

/** Image `index` of an answer as the canvas's own pixels; CSS enlarges them. */
function paint(canvas, found, index = 0) {
  if (found?.error || !found) return canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  const [, height, width, channels] = found.shape;
  const image = new ImageData(width, height);
  const start = index * height * width * channels;
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let color = 0; color < 3; color++) {
      image.data[4 * pixel + color] = found.pixels[start + pixel * channels + (channels === 1 ? 0 : color)];
    }
    image.data[4 * pixel + 3] = 255;
  }
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  canvas.dataset.painted = Number(canvas.dataset.painted ?? 0) + 1;
}

/** What changed from one image to another: orange where it is brighter, blue where darker. */
function paintChange(canvas, found, base) {
  const [, height, width, channels] = found.shape;
  const image = new ImageData(width, height);
  let most = 0;
  for (let pixel = 0; pixel < height * width; pixel++) {
    let change = 0;
    for (let color = 0; color < channels; color++) {
      const at = pixel * channels + color;
      change += (found.pixels[at] - base.pixels[at]) / channels / 255;
    }
    most = Math.max(most, Math.abs(change));
    // The root lets small changes show; both colours keep their hue at every strength.
    const strength = 255 * Math.sqrt(Math.abs(change));
    (change > 0 ? [1, 0.6, 0.2] : [0.25, 0.65, 1]).forEach((share, color) => {
      image.data[4 * pixel + color] = share * strength;
    });
    image.data[4 * pixel + 3] = 255;
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return most > 0;
}

/** A labelled slider that says what it stands at, and tells while it moves. */
function slider(label, { min, max, step, value, show, changed, extra = [] }) {
  const input = element("input", "drawn-slider latent-range", { type: "range", min, max, step, "aria-label": label });
  const output = element("output", "latent-value");
  const head = element("span", "latent-slider-label", {}, label);
  const root = element("div", "latent-slider", {}, element("div", "latent-slider-head", {}, head, ...extra, output), input);
  const set = (number) => {
    input.value = number;
    // The track is filled from where nothing is moved.
    const [at, still] = [Number(number), min < 0 ? 0 : min].map((place) => (place - min) / (input.max - min));
    input.style.setProperty("--from", min < 0 ? Math.min(at, still) : -1);
    input.style.setProperty("--to", Math.max(at, still));
    output.textContent = show(Number(number));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    set(input.value);
    changed(Number(input.value));
  });
  set(value);
  return { root, input, set, head };
}

/** A few choices side by side, as radio buttons. */
function choice(label, options, value, changed) {
  const name = `latent-${Math.random().toString(36).slice(2)}`;
  const inputs = new Map();
  const root = element("fieldset", "latent-choice", {}, element("legend", "", {}, label));
  for (const [option, text] of Object.entries(options)) {
    const input = element("input", "", { type: "radio", name, value: option });
    input.addEventListener("change", () => changed(option));
    inputs.set(option, input);
    root.append(element("label", "", {}, input, element("span", "", {}, text)));
  }
  const set = (option) => {
    if (inputs.has(String(option))) inputs.get(String(option)).checked = true;
  };
  set(value);
  return { root, set };
}

function button(text, pressed, className = "") {
  const made = element("button", `latent-button ${className}`, { type: "button" }, text);
  made.addEventListener("click", pressed);
  return made;
}

/** Links to files that the server makes when they are followed; `questions` -> [label, form, () => question]. */
function downloads(files) {
  const root = element("div", "latent-downloads", { role: "group", "aria-label": _("Downloads") });
  for (const [label, form, question] of files) {
    const link = element("a", "latent-button", { href: "#", download: "" }, `↓ ${label}`);
    const aim = () => (link.href = fileAddress(question(), form));
    for (const event of ["pointerdown", "focus", "mouseenter", "click"]) link.addEventListener(event, aim);
    root.append(link);
  }
  return root;
}

/** A name to be typed, and a button that keeps something under it. */
function keeper(label, kept) {
  const input = element("input", "latent-name", { type: "text", maxlength: 80, placeholder: label, "aria-label": label });
  const root = element("form", "latent-keeper", {}, input, element("button", "latent-button", { type: "submit" }, _("Keep")));
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (!name) return input.focus();
    kept(name);
    input.value = "";
  });
  return root;
}

const percent = (share) => `${Math.round(100 * share)} %`;
