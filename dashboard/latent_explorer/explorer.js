/*
 * One view for each key, kept alive between refreshes. What is set belongs to the view; Python is told when it rests,
 * writes it into the page's address, and another `stamp` brings what a followed link has set.
 */

const REST_MS = 400;
// A view that left the page is kept this long, for a reader who comes back.
const KEEP_MS = 60_000;
const VIEWS = { walk: walkView, directions: directionsView, plane: planeView, time: timeView };
const explorers = new Map(); // key -> explorer

/** What a view is drawn for; another one is drawn anew. */
const ground = (data) => JSON.stringify([data.view, data.distribution, data.hasGallery, data.stations, data.language]);

function build(explorer) {
  const { root } = explorer;
  explorer.stage = element("div", "latent-stage");
  explorer.beside = element("div", "latent-beside");
  explorer.below = element("div", "latent-below");
  explorer.message = element("p", "latent-fault", { role: "alert" });
  explorer.message.hidden = true;
  root.replaceChildren(
    explorer.message,
    element("div", "latent-columns", {}, explorer.stage, explorer.beside),
    explorer.below,
  );
  root.dataset.view = explorer.data.view;
  explorer.ground = ground(explorer.data);
  explorer.view = VIEWS[explorer.data.view](explorer);
}

function tell(explorer) {
  clearTimeout(explorer.resting);
  explorer.resting = undefined;
  explorer.setStateValue("state", { ...explorer.state, stamp: explorer.data.stamp });
}

function mount(data) {
  const root = element("div", "latent-explorer", { "data-testid": "latent-explorer", "data-busy": "false" });
  const explorer = {
    root, data, state: data.state, lines: {}, faults: {}, resting: undefined,
    where: () => explorer.data.shown[0].where,
    path() {
      const fitting = explorer.data.distribution === "normal" ? "spherical" : "linear";
      return explorer.state.path === "fitting" ? fitting : explorer.state.path;
    },
    change(patch) {
      explorer.state = { ...explorer.state, ...patch };
      explorer.view.update();
      clearTimeout(explorer.resting);
      explorer.resting = setTimeout(() => tell(explorer), REST_MS);
    },
    keepPoint(name, question, source) {
      explorer.setTriggerValue("keep", { name, kind: "point", question, source });
    },
    /** What is wrong with the last answer of a channel; nothing: it is well again. */
    fault(channel, text) {
      explorer.faults[channel] = text;
      const shown = Object.values(explorer.faults).find(Boolean) ?? "";
      explorer.message.textContent = shown;
      explorer.message.hidden = !shown;
    },
  }; // prettier-ignore
  return explorer;
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  words = data.words;
  const known = explorers.get(data.key);
  const explorer = known ?? mount(data);
  explorers.set(data.key, explorer);
  Object.assign(explorer, { setStateValue, setTriggerValue });
  const isBack = explorer.root.parentElement !== parentElement;
  if (isBack) parentElement.append(explorer.root);
  // Between refreshes what is set here is newer than what Python knows; another view may have changed it meanwhile.
  if (isBack || data.stamp !== explorer.data.stamp) explorer.state = data.state;
  explorer.data = data;
  if (!explorer.view || explorer.ground !== ground(data)) build(explorer);
  explorer.view.update();
  return () => {
    setTimeout(() => {
      if (!explorer.root.isConnected && explorers.get(data.key) === explorer) explorers.delete(data.key);
    }, KEEP_MS);
  };
}
