/* A plane through three points, or a patch between four: a sheet of images, and a point that is dragged over it. */

const STEP = 0.02;

function planeView(explorer) {
  const question = (more) => ({
    kind: "plane", where: [explorer.where()], points: explorer.state.z.slice(0, Number(explorer.state.corners)),
    path: explorer.path(), truncation: explorer.state.psi, ...more,
  }); // prettier-ignore
  const sheet = element("canvas", "", { "aria-hidden": "true" });
  const spot = element("i", "latent-spot");
  const pad = element("div", "latent-pad", { tabindex: 0, role: "application" }, sheet, spot);
  const corners = ["A", "B", "C", "D"].map((name) => element("b", `latent-corner corner-${name}`, {}, name));
  pad.append(...corners);
  const large = picture("large");
  const points = ["A", "B", "C", "D"].map((name, at) => pointChooser(explorer, at, _("Point {name}", { name })));
  const count = choice(_("Through"), { 3: _("three points"), 4: _("four points") }, explorer.state.corners, (corners) =>
    explorer.change({ corners: Number(corners) }),
  );
  const flat = element("p", "latent-hint", {},
    _("Three points span one plane, A + s (B − A) + t (C − A); right of and below the line from B to C it goes on beyond them."),
  ); // prettier-ignore
  const path = pathChoice(explorer);
  const side = slider(_("Images a side"), {
    min: 5, max: 12, step: 1, value: explorer.state.side, show: String, changed: (side) => explorer.change({ side }),
  }); // prettier-ignore
  const psi = truncation(explorer);
  const where = () => {
    const [across, down] = explorer.state.place.map(percent);
    return _("{across} across, {down} down", { across, down });
  };
  const keep = keeper(_("Name of this z"), (name) =>
    explorer.keepPoint(name, question({ places: [explorer.state.place] }), `${explorer.state.z.slice(0, Number(explorer.state.corners)).map(pointText).join(", ")}: ${where()}`),
  ); // prettier-ignore
  const files = downloads([
    [_("Grid (PNG)"), "grid", () => question({ side: explorer.state.side })],
    [_("Large image (PNG)"), "large", () => question({ places: [explorer.state.place] })],
  ]);
  explorer.stage.append(pad, files);
  explorer.beside.append(
    large.root, keep, count.root, flat, ...points.map((each) => each.root), path.root, side.root, psi.root,
  ); // prettier-ignore

  const clamp = (part) => Math.round(1000 * Math.min(1, Math.max(0, part))) / 1000;
  const go = (across, down) => explorer.change({ place: [clamp(across), clamp(down)] });
  const follow = (event) => {
    const box = pad.getBoundingClientRect();
    // The points stand in the middles of the outermost images.
    const edge = 0.5 / explorer.state.side;
    const share = (at, start, size) => ((at - start) / size - edge) / (1 - 2 * edge);
    go(share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height));
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pad.setPointerCapture(event.pointerId);
    follow(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (pad.hasPointerCapture(event.pointerId)) follow(event);
  });
  pad.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const size = event.shiftKey ? 5 * STEP : STEP;
    go(...explorer.state.place.map((part, axis) => part + size * move[axis]));
  });

  function drawSheet([found]) {
    if (found.error) return;
    const [, height, width] = found.shape;
    const count = Math.round(Math.sqrt(found.shape[0]));
    Object.assign(sheet, { width: count * width, height: count * height });
    const one = document.createElement("canvas");
    for (let at = 0; at < count * count; at++) {
      paint(one, found, at);
      sheet.getContext("2d").drawImage(one, (at % count) * width, Math.floor(at / count) * height);
    }
    sheet.dataset.painted = Number(sheet.dataset.painted ?? 0) + 1;
  }

  let drawn = "";
  return {
    update() {
      const { state } = explorer;
      const three = Number(state.corners) === 3;
      points.forEach((each, at) => {
        each.root.hidden = three && at === 3;
        if (!each.root.hidden) each.update();
      });
      corners[3].hidden = three;
      path.root.hidden = three;
      flat.hidden = !three;
      count.set(state.corners);
      side.set(state.side);
      [path, psi].forEach((each) => each.update());
      const edge = 0.5 / state.side;
      const at = state.place.map((part) => `${100 * (edge + part * (1 - 2 * edge))}%`);
      Object.assign(spot.style, { left: at[0], top: at[1] });
      const names = state.z.slice(0, three ? 3 : 4).map(pointText).join(", ");
      const label = _("{side} by {side} images between {names}; the arrow keys move the point, which is at {place}", {
        side: state.side, names, place: where(),
      }); // prettier-ignore
      pad.setAttribute("aria-label", label);
      large.label(where());
      askImages(explorer, "place", question({ places: [state.place] }), ([found]) => paint(large.canvas, found));
      const wanted = question({ side: state.side });
      if (JSON.stringify(wanted) === drawn) return;
      drawn = JSON.stringify(wanted);
      askImages(explorer, "sheet", wanted, drawSheet);
    },
  };
}
