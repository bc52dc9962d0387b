/* Questions to routes.py: of each channel one is under way at a time, and of those that wait only the latest counts. */

const PATIENCE_MS = 60_000;

let words = {};
/** A message in the page's language, with what stands in for its {names}. */
const _ = (text, values = {}) =>
  (words[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** Where the server's own addresses begin: a page's address may have the page's name in it. */
function serverRoot() {
  const bundle = document.querySelector('script[src*="static/js/"]');
  return bundle ? bundle.src.replace(/static\/js\/.*$/, "") : document.baseURI;
}

async function post(path, body) {
  const response = await fetch(new URL(path, serverRoot()), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(_("the server answered {status}", { status: response.status }));
  return response.json();
}

/** An answer's pixels out of their packing: { shape: [N, H, W, C], pixels }. */
function unpack(found) {
  if (found.error) return found;
  return { shape: found.shape, pixels: Uint8Array.from(atob(found.pixels), (letter) => letter.charCodeAt(0)) };
}

async function imagesOf(explorer, question) {
  const answer = await post("data/latent", { question, language: explorer.data.language });
  return answer.found.map(unpack);
}

/** Ask, and have `done` draw the answer; a question that waits is overtaken by the next of its channel. */
async function ask(explorer, channel, work, done) {
  const line = (explorer.lines[channel] ??= { busy: false, next: undefined });
  line.next = { work, done };
  explorer.root.dataset.busy = "true";
  if (line.busy) return;
  line.busy = true;
  while (line.next) {
    const { work, done } = line.next;
    line.next = undefined;
    try {
      const found = await work();
      explorer.fault(channel, "");
      done(found);
    } catch (error) {
      explorer.fault(channel, error.message);
    }
  }
  line.busy = false;
  explorer.root.dataset.busy = String(Object.values(explorer.lines).some((other) => other.busy));
}

function askImages(explorer, channel, question, done) {
  ask(explorer, channel, () => imagesOf(explorer, question), (found) => {
    const wrong = found.find((each) => each.error);
    if (wrong) explorer.fault(channel, wrong.error);
    done(found);
  });
}

/** The address of a download. */
function fileAddress(question, form) {
  const address = new URL("data/latent/file", serverRoot());
  address.searchParams.set("wanted", JSON.stringify({ question, form }));
  return address.href;
}
