/* One z, moved along single numbers of it or along directions that were found or named. */

const SLIDERS = 8;
const REACH = { normal: 3, uniform: 1 }; // of a single number
const FAR = 5; // along a direction, in standard deviations

function directionsView(explorer) {
  const { data } = explorer;
  const normal = data.distribution === "normal";
  const question = (moves) => ({
    kind: "moved", where: [explorer.where()], points: [explorer.state.z[0]], truncation: explorer.state.psi, moves,
  }); // prettier-ignore
  const [shown, change] = [picture("moved"), picture("moved")];
  const base = pointChooser(explorer, 0, _("Base"));
  const psi = truncation(explorer);
  const methods = {
    z: _("Single numbers"), sefa: _("SeFa"), pca: _("PCA"), kept: _("Named"),
  }; // prettier-ignore
  const method = choice(_("Directions"), methods, explorer.state.method, (method) => explorer.change({ method }));
  const explained = element("p", "latent-hint");
  const sliders = element("div", "latent-sliders");
  const reset = button(_("Reset"), () => explorer.change({ move: [] }));
  const keep = keeper(_("Name of this z"), (name) =>
    explorer.keepPoint(name, question(explorer.state.move), _("{point}, moved", { point: pointText(explorer.state.z[0]) })),
  );
  const files = downloads([
    [_("Large image (PNG)"), "large", () => question(explorer.state.move)],
    [_("Change (PNG)"), "change", () => question(explorer.state.move)],
  ]);
  explorer.stage.append(
    element("div", "latent-pair", {}, shown.root, change.root), explained, sliders,
    element("div", "latent-row", {}, reset, keep), files,
  ); // prettier-ignore
  explorer.beside.append(base.root, method.root, psi.root);
  const known = new Map(); // of -> its slider
  let listed = "";
  let unmoved;
  let unmovedFor = "";

  const TEXTS = {
    z: normal
      ? _("Each slider moves one number of z; beside it, how much the pixels change on average at ±2 σ.")
      : _("Each slider moves one number of z; beside it, how much the pixels change on average at either end."),
    sefa: _("Closed-form factorisation (Shen and Zhou 2021): what the generator's first layer answers to most; beside it, the share of that layer's weight."),
    pca: _("Principal components of the features behind the first layer (GANSpace, Härkönen 2020), brought back to z; beside it, the share of their variance."),
    kept: _("Directions that were given a name; they are kept with the run."),
  }; // prettier-ignore

  function moveTo(of, by) {
    const move = explorer.state.move.filter((each) => each.of !== of);
    if (by) move.push({ of, by });
    explorer.change({ move });
  }

  /** A direction's own line: its slider, its strength, and a name to be given. */
  function line(of, share, name = nameOf(of)) {
    const single = of.startsWith("z") && !of.startsWith("kept:");
    const reach = single ? REACH[data.distribution] : FAR;
    const strength = share === undefined ? [] : [element("small", "", {}, `${(100 * share).toFixed(1)} %`)];
    const naming = of.startsWith("kept:")
      ? forgetButton(explorer, name, "direction")
      : button("✎", () => startNaming(made, of, naming), "latent-cross");
    if (!of.startsWith("kept:")) {
      naming.setAttribute("aria-label", _("Name {direction}", { direction: name }));
      naming.title = _("Give it a name");
    }
    const made = slider(name, {
      min: -reach, max: reach, step: 0.05, value: amountOf(of), extra: [...strength, naming],
      show: (by) => `${by > 0 ? "+" : by < 0 ? "−" : ""}${Math.abs(by).toFixed(2)}${single && !normal ? "" : " σ"}`,
      changed: (by) => moveTo(of, by),
    }); // prettier-ignore
    made.root.dataset.direction = of;
    known.set(of, made);
    return made.root;
  }

  function startNaming(made, of, pencil) {
    if (made.root.querySelector("form")) return made.root.querySelector("form").remove();
    const form = keeper(_("Name of this direction"), (name) => {
      form.remove();
      const source = `${nameOf(of)}, ${explorer.where().at}`;
      explorer.setTriggerValue("keep", { name, kind: "direction", of, source });
      explorer.change({ method: "kept" });
      pencil.focus();
    });
    made.root.append(form);
    form.querySelector("input").focus();
  }

  function amountOf(of) {
    return explorer.state.move.find((each) => each.of === of)?.by ?? 0;
  }

  function nameOf(of) {
    if (of.startsWith("kept:")) return of.slice(5);
    const number = of.replace(/^\D+/, "");
    if (of.startsWith("sefa")) return _("SeFa {number}", { number });
    if (of.startsWith("pca")) return _("PCA {number}", { number });
    return `z${number.replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit])}`;
  }

  function list({ of, share }) {
    known.clear();
    const moved = explorer.state.move.map((each) => each.of).filter((each) => !of.slice(0, SLIDERS).includes(each));
    const mine = moved.filter((each) => of.includes(each));
    const lines = [...of.slice(0, SLIDERS), ...mine].map((each) => line(each, share?.[of.indexOf(each)]));
    if (!lines.length) lines.push(element("p", "latent-hint", {}, _("None yet: press the pencil beside a direction.")));
    const rest = of.filter((each) => !known.has(each));
    sliders.replaceChildren(...lines);
    if (rest.length) sliders.append(another(rest, share, of));
  }

  /** Any other direction gets a slider by being chosen. */
  function another(rest, share, of) {
    const menu = element("select", "latent-select", { "aria-label": _("Another direction") });
    menu.append(element("option", "", { value: "" }, _("Another direction …")));
    for (const each of rest) menu.append(element("option", "", { value: each }, nameOf(each)));
    menu.addEventListener("change", () => {
      if (!menu.value) return;
      menu.before(line(menu.value, share?.[of.indexOf(menu.value)]));
      known.get(menu.value).input.focus();
      menu.selectedOptions[0].remove();
      menu.value = "";
    });
    return menu;
  }

  function updateList() {
    const { state } = explorer;
    const wanted = { method: state.method, where: explorer.where(), point: state.z[0], truncation: state.psi };
    const names = explorer.data.kept.direction;
    const key = state.method === "z" ? JSON.stringify(wanted) : JSON.stringify([wanted.method, wanted.where, names]);
    if (key === listed) return known.forEach((made, of) => made.set(amountOf(of)));
    listed = key;
    explained.textContent = TEXTS[state.method];
    if (state.method === "kept") return list({ of: names.map((name) => `kept:${name}`) });
    const body = { ...wanted, language: explorer.data.language };
    ask(explorer, "strengths", () => post("data/latent/directions", body), (found) => {
      if (found.error) return explorer.fault("strengths", found.error);
      if (body.method === explorer.state.method) list(found);
    }); // prettier-ignore
  }

  function drawChange(found) {
    if (!unmoved || found.error || unmoved.shape.join() !== found.shape.join()) return;
    const differs = paintChange(change.canvas, found, unmoved);
    const what = differs ? _("orange brighter, blue darker") : _("none yet");
    change.label(_("Change: {what}", { what }));
  }

  return {
    update() {
      const { state } = explorer;
      [base, psi].forEach((each) => each.update());
      method.set(state.method);
      updateList();
      const point = pointText(state.z[0]);
      const along = state.move.map((each) => nameOf(each.of)).join(", ");
      shown.label(along ? _("{point}, moved along {directions}", { point, directions: along }) : point);
      const still = JSON.stringify(question([]));
      if (still !== unmovedFor) {
        unmovedFor = still;
        askImages(explorer, "unmoved", question([]), ([found]) => {
          if (!found.error) unmoved = found;
          if (explorer.last) drawChange(explorer.last);
        });
      }
      askImages(explorer, "moved", question(state.move), ([found]) => {
        if (found.error) return;
        explorer.last = found;
        paint(shown.canvas, found);
        drawChange(found);
      });
    },
  };
}
