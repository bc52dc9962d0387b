/* Where a z is chosen: a seed with its dice, a sample picked from a sheet, or what was kept under a name. */

const SEEDS = 10_000; // a dice draws one of these; any other can be typed in
const SHEET = 24;
const GALLERY = 16;

/** A point's name in parts: { seed, sample } or { tile } or { name }. */
function partsOf(point) {
  if (point.startsWith("kept:")) return { name: point.slice(5) };
  if (point.startsWith("gallery:")) return { tile: Number(point.slice(8)) };
  const [seed, sample] = point.replace("seed:", "").split(".");
  return { seed: Number(seed), sample: Number(sample ?? 1) };
}

function pointText(point) {
  const { name, tile, seed, sample } = partsOf(point);
  if (name !== undefined) return name;
  if (tile !== undefined) return _("gallery tile {tile}", { tile });
  return sample === 1 ? _("seed {seed}", { seed }) : _("sample {sample} of seed {seed}", { sample, seed });
}

/** A row for one point: its image, its seed, a dice, and a sheet of samples to pick another from. */
function pointChooser(explorer, index, label) {
  const thumb = element("canvas", "", { "aria-hidden": "true" });
  const pick = element("button", "latent-thumb", { type: "button", "aria-expanded": "false" }, thumb);
  const input = element("input", "latent-seed", { type: "number", min: 0, max: 4294967295, step: 1 });
  input.setAttribute("aria-label", _("{label}: seed", { label }));
  const note = element("span", "latent-note");
  const dice = button("⚄", () => setPoint(`seed:${Math.floor(Math.random() * SEEDS)}`), "latent-dice");
  dice.setAttribute("aria-label", _("{label}: draw another", { label }));
  dice.title = _("Draw another");
  const sheet = element("div", "latent-sheet", { role: "group", "aria-label": _("{label}: samples to pick from", { label }) });
  sheet.hidden = true;
  const row = element(
    "div", "latent-point-row", {}, pick,
    element("div", "latent-point-words", {}, element("strong", "", {}, label), note), input, dice,
  ); // prettier-ignore
  const root = element("div", "latent-point", {}, row, sheet);
  const setPoint = (point) => {
    const z = [...explorer.state.z];
    z[index] = point;
    explorer.change({ z });
  };
  input.addEventListener("change", () => {
    const seed = Math.min(4294967295, Math.max(0, Math.round(Number(input.value) || 0)));
    setPoint(`seed:${seed}`);
  });
  pick.addEventListener("click", () => {
    sheet.hidden = !sheet.hidden;
    pick.setAttribute("aria-expanded", String(!sheet.hidden));
    if (!sheet.hidden) fillSheet(explorer, sheet, index, setPoint);
  });
  let drawn = "";
  let kept = "";
  const update = () => {
    const point = explorer.state.z[index];
    const { seed } = partsOf(point);
    if (document.activeElement !== input) input.value = seed ?? "";
    note.textContent = pointText(point);
    pick.title = _("Pick another sample");
    pick.setAttribute("aria-label", _("{label}: {point}; pick another sample", { label, point: pointText(point) }));
    const question = { kind: "points", where: [explorer.where()], points: [point], truncation: explorer.state.psi };
    const asked = JSON.stringify(question);
    if (asked !== drawn) {
      drawn = asked;
      askImages(explorer, `thumb ${index}`, question, ([found]) => paint(thumb, found));
    }
    const names = JSON.stringify(explorer.data.kept.point);
    if (!sheet.hidden && names !== kept) fillSheet(explorer, sheet, index, setPoint);
    if (!sheet.hidden) markPicked(sheet, point);
    kept = names;
  };
  return { root, update };
}

function markPicked(sheet, point) {
  for (const tile of sheet.querySelectorAll("[data-point]")) {
    tile.setAttribute("aria-pressed", String(tile.dataset.point === point));
  }
}

function fillSheet(explorer, sheet, index, setPoint) {
  const { seed = 0 } = partsOf(explorer.state.z[index]);
  const samples = Array.from({ length: SHEET }, (_none, at) => (at ? `${seed}.${at + 1}` : `seed:${seed}`));
  const sections = [[_("Samples of seed {seed}", { seed }), samples]];
  if (explorer.data.hasGallery) {
    const tiles = Array.from({ length: GALLERY }, (_none, at) => `gallery:${at + 1}`);
    sections.push([_("What the run's galleries are drawn from"), tiles]);
  }
  const { point: names } = explorer.data.kept;
  // A question has 64 points at most.
  for (let at = 0; at < names.length; at += 64) {
    sections.push([_("Kept with the run"), names.slice(at, at + 64).map((name) => `kept:${name}`)]);
  }
  sheet.replaceChildren();
  sections.forEach(([title, points], number) => {
    const tiles = points.map((point) => {
      const canvas = element("canvas", "", { "aria-hidden": "true" });
      const tile = element("button", "latent-tile", { type: "button", "data-point": point }, canvas);
      tile.setAttribute("aria-label", pointText(point));
      tile.title = pointText(point);
      tile.addEventListener("click", () => setPoint(point));
      return tile;
    });
    const listed = tiles.map((tile, at) => {
      const { name } = partsOf(points[at]);
      return name === undefined ? tile : keptTile(explorer, tile, name);
    });
    sheet.append(element("p", "latent-sheet-title", {}, title), element("div", "latent-tiles", {}, ...listed));
    const question = { kind: "points", where: [explorer.where()], points, truncation: explorer.state.psi };
    askImages(explorer, `sheet ${index} ${number}`, question, ([found]) => {
      if (!found.error) tiles.forEach((tile, at) => paint(tile.firstChild, found, at));
    });
  });
  markPicked(sheet, explorer.state.z[index]);
}

/** A kept point with its name, and a cross that forgets it. */
function keptTile(explorer, tile, name) {
  return element("div", "latent-kept", {}, tile, element("span", "", {}, name), forgetButton(explorer, name, "point"));
}

function forgetButton(explorer, name, kind) {
  const cross = button("×", () => {
    const z = explorer.state.z.map((point, at) => (kind === "point" && point === `kept:${name}` ? `seed:${at + 1}` : point));
    explorer.change({ z, move: explorer.state.move.filter(({ of }) => kind !== "direction" || of !== `kept:${name}`) });
    explorer.setTriggerValue("keep", { name, kind, forget: true });
  }, "latent-cross"); // prettier-ignore
  cross.setAttribute("aria-label", _("Forget {name}", { name }));
  return cross;
}

/** Truncation, which all views have. */
function truncation(explorer) {
  const made = slider(_("Truncation ψ"), {
    min: 0, max: 1, step: 0.05, value: explorer.state.psi, show: (psi) => psi.toFixed(2),
    changed: (psi) => explorer.change({ psi }),
  }); // prettier-ignore
  made.root.append(element("p", "latent-hint", {},
    explorer.data.distribution === "normal"
      ? _("z is drawn towards its mean, 0: less variety, samples nearer to what training saw most.")
      : _("z is drawn towards its mean, 0.5: less variety, samples nearer to what training saw most."))); // prettier-ignore
  return { root: made.root, update: () => made.set(explorer.state.psi) };
}

/** Straight or along the sphere, with a word on why. */
function pathChoice(explorer) {
  const options = { linear: _("linear"), spherical: _("spherical") };
  const made = choice(_("Path"), options, explorer.path(), (path) => explorer.change({ path }));
  made.root.append(element("p", "latent-hint", {},
    explorer.data.distribution === "normal"
      ? _("In many dimensions N(0, 1) vectors lie near a sphere: the spherical path stays on it, the middle of the straight one is shorter than any z the generator was trained on.")
      : _("Numbers between 0 and 1 fill a cube: the straight line between two of its points stays inside."))); // prettier-ignore
  return { root: made.root, update: () => made.set(explorer.path()) };
}
