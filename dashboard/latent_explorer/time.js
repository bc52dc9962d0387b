/* One z through the training: every checkpoint of the run, and generators whose weights are mixed of two of them. */

const FILM_FRAMES = 48;

function timeView(explorer) {
  const stations = () => explorer.data.stations;
  /** The checkpoints that the scrubber goes through: all in turn, or the two that were chosen. */
  const route = () => {
    const [first, last] = explorer.state.ends;
    const chosen = [first, last].map((at) => stations().find((station) => station.at === at));
    return first && last && chosen.every(Boolean) ? chosen : stations();
  };
  const place = () => {
    const last = route().length - 1;
    return explorer.state.moment < 0 ? last : Math.min(explorer.state.moment, last);
  };
  /** The generator at a place: a checkpoint's own, or one between two. */
  const generator = (at) => {
    const before = Math.min(Math.floor(at), route().length - 1);
    const share = Math.round(1000 * (at - before)) / 1000;
    const toward = share > 0 ? route()[before + 1].at : "";
    return { ...explorer.where(), at: route()[before].at, toward, share };
  };
  const question = (where) => ({
    kind: "points", where, points: [explorer.state.z[0]], truncation: explorer.state.psi,
  }); // prettier-ignore
  const film = () => {
    const last = route().length - 1;
    return question(Array.from({ length: FILM_FRAMES }, (_none, at) => generator((at / (FILM_FRAMES - 1)) * last)));
  };

  const large = picture("large");
  const scrubber = slider(_("Place in the training"), {
    min: 0, max: Math.max(1, route().length - 1), step: 0.02, value: place(), show: placeText,
    changed: (moment) => explorer.change({ moment }),
  }); // prettier-ignore
  const honest = element("p", "latent-hint");
  const base = pointChooser(explorer, 0, _("z"));
  const psi = truncation(explorer);
  const menus = [0, 1].map((end) => {
    const label = end ? _("Mixed with") : _("Checkpoint");
    const menu = element("select", "latent-select");
    menu.append(element("option", "", { value: "" }, end ? _("the next in turn") : _("all in turn")));
    for (const { at } of stations()) menu.append(element("option", "", { value: at }, at));
    menu.addEventListener("change", () => mix(end, menu.value));
    return { menu, root: element("label", "latent-menu", {}, label, menu) };
  });
  const strip = element("div", "latent-strip through", { role: "group", "aria-label": _("The same z at every checkpoint") });
  const files = downloads([
    [_("Film strip (PNG)"), "png", () => question(stations().map(({ at }) => ({ ...explorer.where(), at })))],
    [_("Large image (PNG)"), "large", () => question([generator(place())])],
    ["GIF", "gif", film],
    ["WebP", "webp", film],
    ["MP4", "mp4", film],
  ]);
  explorer.stage.append(large.root, scrubber.root, honest);
  explorer.beside.append(base.root, ...menus.map((each) => each.root), psi.root);
  explorer.below.append(strip, files);

  function placeText(at) {
    const { at: first, toward, share } = generator(at);
    return toward ? `${first} → ${toward}: ${percent(share)}` : first;
  }

  /** Two checkpoints of the reader's own choice, or again all of them. */
  function mix(end, at) {
    const all = stations();
    if (!at) return explorer.change({ ends: [], moment: -1 });
    const ends = explorer.state.ends.length === 2 ? [...explorer.state.ends] : [all[0].at, all.at(-1).at];
    ends[end] = at;
    explorer.change({ ends, moment: 0.5 });
  }

  function drawStrip(found) {
    strip.style.setProperty("--count", found.length);
    strip.replaceChildren(
      ...found.map((each, index) => {
        const { at, iteration } = stations()[index];
        const frame = picture("frame", at);
        paint(frame.canvas, each);
        frame.canvas.setAttribute("aria-hidden", "true");
        const jump = element("button", "latent-station", { type: "button" }, frame.root);
        jump.setAttribute("aria-label", _("{moment}, iteration {iteration}", { moment: at, iteration: iteration.toLocaleString("en") }));
        jump.addEventListener("click", () => explorer.change({ ends: [], moment: index }));
        return jump;
      }),
    );
    markHere();
  }

  function markHere() {
    const { at, toward } = generator(place());
    [...strip.children].forEach((each, index) => {
      each.classList.toggle("here", [at, toward].includes(stations()[index]?.at));
    });
  }

  let drawn = "";
  return {
    update() {
      [base, psi].forEach((each) => each.update());
      scrubber.input.max = Math.max(1, route().length - 1);
      scrubber.input.disabled = route().length < 2;
      scrubber.set(place());
      menus.forEach(({ menu }, end) => (menu.value = explorer.state.ends[end] ?? ""));
      const here = generator(place());
      const mixed = _("No training went through this generator: its weights lie on the straight line between two checkpoints, BatchNorm's statistics with them. Where training took a bend, such images are worse than at both ends.");
      honest.textContent = here.toward ? mixed : _("The generator as it was at this checkpoint. Between two of them, weights are mixed.");
      large.label(placeText(place()), `${pointText(explorer.state.z[0])}, ${placeText(place())}`);
      askImages(explorer, "moment", question([here]), ([found]) => {
        if (!found.error) paint(large.canvas, found);
      });
      markHere();
      const wanted = question(stations().map(({ at }) => ({ ...explorer.where(), at })));
      if (JSON.stringify(wanted) === drawn) return;
      drawn = JSON.stringify(wanted);
      askImages(explorer, "strip", wanted, drawStrip);
    },
  };
}
