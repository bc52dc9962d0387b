/* The logs of all boards on the page, brought up to date by one request for all of them. */

const logs = new Map(); // "run/source" -> { token, size, rows, whole, x, y, columns, error }
const boards = new Map(); // key -> board
const POLL_MS = 1000;
const PATIENCE_MS = 20_000;

const nameOf = (want) => `${want.run}/${want.source}`;

/** Address of the server including its base path: Streamlit's own scripts lie in a known folder under it. */
function serverRoot() {
  const bundle = document.querySelector('script[src*="static/js/"]');
  return bundle ? bundle.src.replace(/static\/js\/.*$/, "") : document.baseURI;
}

async function ask(wanted) {
  const response = await fetch(new URL("data/curves", serverRoot()), {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify({ wanted }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(_("the server answered {status}", { status: response.status }));
  return (await response.json()).found;
}

/** An answer's numbers out of their packing. */
function unpack(found) {
  const x = Object.fromEntries(Object.entries(found.x).map(([name, text]) => [name, decode(text, Float64Array)]));
  const y = Object.fromEntries(
    Object.entries(found.y).map(([name, texts]) => [name, texts.map((text) => decode(text, Float32Array))]),
  );
  return { ...found, x, y, whole: Math.floor(found.rows / found.size) };
}

/** Put what has come since behind what is there; whether there was anything new. */
function receive(want, found) {
  const log = logs.get(nameOf(want));
  if (found.error) {
    logs.set(nameOf(want), { ...(log ?? emptyLog()), error: found.error });
    return log?.error !== found.error;
  }
  const isSame = log && !log.error && log.token === found.token && want.columns.every((name) => log.columns.has(name));
  if (isSame && log.rows === found.rows) return false;
  const fresh = unpack(found);
  if (!fresh.first || !log || log.token !== fresh.token) {
    logs.set(nameOf(want), { ...fresh, columns: new Set(want.columns) });
    return true;
  }
  while (log.size < fresh.size) mergePairs(log);
  const join = (kept, more) => kept.slice(0, fresh.first).concat(more);
  for (const name in fresh.x) log.x[name] = join(log.x[name], fresh.x[name]);
  for (const name in fresh.y) {
    log.y[name] = fresh.y[name].map((values, i) => join(log.y[name][i] ?? log.y[name][0], values));
  }
  Object.assign(log, { rows: fresh.rows, whole: fresh.whole, error: undefined });
  return true;
}

function emptyLog() {
  return { token: -1, size: 1, rows: 0, whole: 0, x: {}, y: {}, columns: new Set() };
}

/** What the boards on the page need, each log once, and what of it is here already. */
function wantedBy(shown) {
  const wanted = new Map();
  for (const board of shown) {
    for (const line of board.data.panels.flatMap((panel) => panel.lines)) {
      const want = wanted.get(nameOf(line)) ?? { run: line.run, source: line.source, columns: new Set() };
      wanted.set(nameOf(line), want);
      want.columns.add(line.column);
    }
  }
  return [...wanted.values()].map((want) => {
    const log = logs.get(nameOf(want)) ?? emptyLog();
    const all = [...want.columns].every((column) => log.columns.has(column));
    const had = all ? { token: log.token, size: log.size, have: log.whole } : {};
    return { ...want, columns: [...(all ? log.columns : want.columns)], ...had };
  });
}

/** What keeps a board's runs from being read, such as a damaged file. */
function wrongWith(board) {
  const errors = board.data.panels.flatMap((panel) => panel.lines).map((line) => logs.get(nameOf(line))?.error);
  return [...new Set(errors.filter(Boolean))].join(" ");
}

let asking;
let askAgain = false;
let timer;

/** Bring everything shown up to date; one request at a time. */
async function refresh() {
  if (asking) {
    askAgain = true;
    return asking;
  }
  const shown = [...boards.values()].filter((board) => board.root.isConnected);
  let outdated = [];
  asking = (async () => {
    try {
      const wanted = wantedBy(shown);
      const found = wanted.length ? await ask(wanted) : [];
      const news = new Set(wanted.filter((want, i) => receive(want, found[i])).map(nameOf));
      const isOutdated = (panel) => panel.lines.some((line) => news.has(nameOf(line)));
      outdated = shown.filter((board) => !board.answered || board.data.panels.some(isOutdated));
      for (const board of shown) {
        board.answered = true;
        board.say(wrongWith(board));
      }
    } catch (error) {
      const why = _("The curves could not be fetched ({reason}); trying again.", { reason: error.message });
      shown.forEach((board) => board.say(why, true));
    }
  })();
  await asking;
  asking = undefined;
  shown.forEach((board) => board.catchUp());
  outdated.forEach((board) => board.draw());
  if (askAgain) {
    askAgain = false;
    refresh();
  }
}

/** Ask again and again while a run trains and the page is looked at. */
function keepPolling() {
  timer ??= setInterval(() => {
    const shown = [...boards.values()].filter((board) => board.root.isConnected);
    if (!shown.some((board) => board.data.live || board.failed)) {
      clearInterval(timer);
      timer = undefined;
    } else if (!document.hidden) refresh();
  }, POLL_MS);
}
