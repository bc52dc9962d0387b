/* From one z to another: the place between, film strips of one run or of several, and the walk as a file. */

const FRAMES = 32;

function walkView(explorer) {
  const { data } = explorer;
  const question = (more) => ({
    kind: "walk", where: data.shown.map((each) => each.where), points: explorer.state.z.slice(0, 2),
    path: explorer.path(), truncation: explorer.state.psi, ...more,
  }); // prettier-ignore
  const own = (more) => ({ ...question(more), where: [explorer.where()] });
  const between = [picture("end"), picture("middle"), picture("end")];
  const stage = element("div", "latent-between", {}, ...between.map((each) => each.root));
  const position = slider(_("Position"), {
    min: 0, max: 1, step: 0.01, value: explorer.state.position, show: percent,
    changed: (at) => explorer.change({ position: at }),
  }); // prettier-ignore
  const points = [pointChooser(explorer, 0, _("From")), pointChooser(explorer, 1, _("To"))];
  const path = pathChoice(explorer);
  const steps = slider(_("Steps in the film strip"), {
    min: 5, max: 15, step: 1, value: explorer.state.steps, show: String, changed: (steps) => explorer.change({ steps }),
  }); // prettier-ignore
  const psi = truncation(explorer);
  const strips = element("div", "latent-strips");
  const source = () =>
    _("{share} of the way from {start} to {end}", {
      share: percent(explorer.state.position), start: pointText(explorer.state.z[0]), end: pointText(explorer.state.z[1]),
    }); // prettier-ignore
  const keep = keeper(_("Name of the z in the middle"), (name) =>
    explorer.keepPoint(name, own({ shares: [explorer.state.position] }), source()),
  );
  const files = downloads([
    [_("Film strips (PNG)"), "png", () => question({ steps: explorer.state.steps })],
    [_("Large image (PNG)"), "large", () => own({ shares: [explorer.state.position] })],
    ["GIF", "gif", () => own({ steps: FRAMES })],
    ["WebP", "webp", () => own({ steps: FRAMES })],
    ["MP4", "mp4", () => own({ steps: FRAMES })],
  ]);
  explorer.stage.append(stage, position.root, keep);
  explorer.beside.append(...points.map((each) => each.root), path.root, steps.root, psi.root);
  explorer.below.append(strips, files);
  let drawnStrips = "";

  function drawStrips(found) {
    const count = explorer.state.steps;
    strips.style.setProperty("--count", count);
    strips.replaceChildren(
      ...found.map((each, run) => {
        const { name, color, dash } = explorer.data.shown[run];
        const mark = element("div", "latent-run", {}, element("i", `run-line ${dash}`, { "aria-hidden": "true" }), name);
        mark.style.setProperty("--run-color", color);
        const row = element("div", "latent-strip", { role: "group", "aria-label": name });
        if (each.error) row.append(element("p", "latent-hint", {}, each.error));
        else {
          for (let at = 0; at < each.shape[0]; at++) {
            const share = percent(at / (count - 1));
            const frame = picture("frame", found.length > 1 && run < found.length - 1 ? "" : share);
            frame.canvas.setAttribute("aria-label", share);
            paint(frame.canvas, each, at);
            row.append(frame.root);
          }
        }
        return element("div", "latent-strip-block", {}, ...(found.length > 1 ? [mark] : []), row);
      }),
    );
    markNearest();
  }

  function markNearest() {
    const nearest = Math.round(explorer.state.position * (explorer.state.steps - 1));
    for (const row of strips.querySelectorAll(".latent-strip")) {
      [...row.children].forEach((frame, at) => frame.classList.toggle("here", at === nearest));
    }
  }

  return {
    update() {
      const { state } = explorer;
      position.set(state.position);
      steps.set(state.steps);
      [...points, path, psi].forEach((each) => each.update());
      between[0].label(pointText(state.z[0]));
      between[1].label(_("{share} of the way", { share: percent(state.position) }), source());
      between[2].label(pointText(state.z[1]));
      askImages(explorer, "middle", own({ shares: [0, state.position, 1] }), ([found]) => {
        if (!found.error) between.forEach((each, at) => paint(each.canvas, found, at));
      });
      markNearest();
      const wanted = question({ steps: state.steps });
      if (JSON.stringify(wanted) === drawnStrips) return;
      drawnStrips = JSON.stringify(wanted);
      askImages(explorer, "strips", wanted, drawStrips);
    },
  };
}
