"""What the Compare page costs with four runs of a million logged iterations each, in a real browser.

    python benchmarks/compare_page.py [--rows 1000000] [--rounds 5] [--seconds 20]

Makes the runs (large_runs.py), starts the dashboard and drives an installed Chromium. Exit status 1 when a figure is
missed. All times are a browser's own, in a window of 1280 by 900: from the start of the navigation, or from the press
of a key, to all charts in sight drawn. Charts out of sight are drawn when they come into it; one row has a window so
tall that all of them are in sight.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from large_runs import PRESETS, ROWS, LargeRun, growing, make_run
from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright

APP = Path(__file__).resolve().parents[1] / "dashboard" / "app.py"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    # Each page here has a window of its own, for which Chromium would draw its menus ahead, as it does for no tab.
    "--disable-features=PreloadTopChromeWebUI",
]
SIZE, TALL = ViewportSize(width=1280, height=900), ViewportSize(width=1280, height=3600)
SETTLE_S = 8.0
VISITS_BEFORE = 3
"""Until a browser has kept what it made of the scripts (Chromium does from the second visit on)."""
PATIENCE_MS, PAUSE_MS = 60_000, 2_000
OPEN_S, REDRAW_MS, REFRESH_KB, SERVER_MB = 2.0, 300.0, 60.0, 1000.0
"""The figures to be held."""

_WATCH_OPENING = """
window.inSight = () =>
  [...document.querySelectorAll('[data-testid=curve-panel]')]
    .filter((panel) => panel.getBoundingClientRect().top < innerHeight);
const look = () => {
  const panels = window.inSight();
  if (panels.length && panels.every((panel) => Number(panel.dataset.rows) > 0)) window.opened = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_WATCH_KEY = """
() => {
  const panels = window.inSight();
  const line = (panel) => panel.querySelector('.js-plotly-plot')._fullData.findLast((trace) => trace.name).y;
  window.redrawn = undefined;
  document.addEventListener('keydown', () => {
    const pressed = performance.now();
    const before = panels.map(line);
    const look = () => {
      if (panels.every((panel, i) => line(panel) !== before[i])) window.redrawn = performance.now() - pressed;
      else requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true });
}
"""


@dataclass
class Traffic:
    """Bytes between a page and the server, both ways, headers included."""

    polls: list[float] = field(default_factory=list)
    http: float = 0.0
    websocket: float = 0.0

    def watch(self, context: BrowserContext, page: Page) -> None:
        """Count from now on."""
        session = context.new_cdp_session(page)
        session.on("Network.loadingFinished", self._loaded)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.webSocketFrameReceived", self._frame)
        session.on("Network.webSocketFrameSent", self._frame)
        session.send("Network.enable")
        self._names: dict[str, str] = {}
        self._sent: dict[str, int] = {}

    def _asked(self, event: dict[str, Any]) -> None:
        request = event["request"]
        self._names[event["requestId"]] = request["url"]
        headers = sum(len(name) + len(value) + 4 for name, value in request["headers"].items())
        self._sent[event["requestId"]] = headers + len(request.get("postData", ""))

    def _loaded(self, event: dict[str, Any]) -> None:
        size = event["encodedDataLength"] + self._sent.get(event["requestId"], 0)
        self.http += size
        if self._names.get(event["requestId"], "").endswith("/data/curves"):
            self.polls.append(size)

    def _frame(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        text = frame["payloadData"]
        self.websocket += len(base64.b64decode(text)) if frame["opcode"] == 2 else len(text)


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, int]]:
    """A dashboard on these runs; its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *options]
    process = Popen(command, env=os.environ | {"GANSCOPE_RUNS": str(folder)}, stdout=DEVNULL, stderr=DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while True:
            with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                break
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit(f"the dashboard did not start (exit status {process.poll()})")
            time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(60)


def memory(process: int) -> dict[str, float]:
    """A process's resident memory in MB (Linux): in all, its own, and files that it maps."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "Rss"))}
    return {name: int(kilobytes) * 1024 / 1e6 for name, kilobytes in found.items()}


def opened(context: BrowserContext, address: str, size: ViewportSize = SIZE) -> Page:
    """A new page with all charts in sight drawn."""
    page = context.new_page()
    page.set_viewport_size(size)
    page.goto(address)
    page.wait_for_function("window.opened", timeout=PATIENCE_MS)
    return page


def opening_s(context: BrowserContext, address: str, size: ViewportSize = SIZE) -> float:
    """Seconds from navigation to all charts in sight drawn."""
    page = opened(context, address, size)
    seconds = float(page.evaluate("window.opened")) / 1000
    page.wait_for_timeout(PAUSE_MS)
    page.close()
    return seconds


def redraws_ms(context: BrowserContext, address: str, count: int) -> list[float]:
    """Milliseconds from a press of a key on the smoothing's slider to all charts in sight drawn anew."""
    page, found = opened(context, address), []
    slider = page.get_by_role("slider", name="Smoothing")
    for turn in range(count):
        page.wait_for_timeout(PAUSE_MS)
        slider.focus()
        page.evaluate(_WATCH_KEY)
        page.keyboard.press("ArrowRight" if turn % 2 else "ArrowLeft")
        page.wait_for_function("window.redrawn", timeout=PATIENCE_MS)
        found.append(float(page.evaluate("window.redrawn")))
    page.close()
    return found


def watched_traffic(context: BrowserContext, address: str, seconds: float) -> Traffic:
    """What goes to and fro on an open page."""
    page, traffic = opened(context, address), Traffic()
    page.wait_for_timeout(PAUSE_MS)
    traffic.watch(context, page)
    page.wait_for_timeout(1000 * seconds)
    page.close()
    return traffic


class Table:
    """What was measured, and whether it is what it has to be."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []
        self.missed: list[str] = []

    def note(self, what: str, values: Sequence[float], unit: str, limit: float | None = None) -> None:
        """The median of some values, and between which they lie."""
        middle = statistics.median(values)
        text = f"{middle:.3g} {unit}" + (f" ({min(values):.3g} to {max(values):.3g})" if len(values) > 1 else "")
        self.rows.append((what, text, "" if limit is None else f"{limit:g} {unit}"))
        if limit is not None and middle >= limit:
            self.missed.append(what)
        print(f"| {what} | {text} | {self.rows[-1][2]} |", flush=True)


def measure(context: BrowserContext, folder: Path, runs: Sequence[LargeRun], rounds: int, seconds: float) -> Table:
    """Print a table, row by row."""
    table = Table()
    query = "&".join(f"runs={run.folder.id}" for run in runs)
    print("| | median (lowest to highest) | to be under |\n| --- | ---: | ---: |")
    context.add_init_script(_WATCH_OPENING)
    with server(folder) as (root, process):
        time.sleep(SETTLE_S)
        bare = memory(process)
        address = f"{root}/compare?{query}"
        visits = [opening_s(context, address) for _ in range(VISITS_BEFORE)]
        table.note("Compare opens, first visit of a new browser, server just started", visits[:1], "s")
        table.note("Compare opens, scripts in the browser's cache", repeated(rounds, context, address), "s", OPEN_S)
        table.note("the same, all charts in sight", repeated(rounds, context, address, TALL), "s")
        table.note("smoothing changed", redraws_ms(context, address, rounds), "ms", REDRAW_MS)
        with growing(runs):
            time.sleep(SETTLE_S)
            table.note("Compare opens, all runs growing", repeated(rounds, context, address), "s", OPEN_S)
            table.note("smoothing changed, all runs growing", redraws_ms(context, address, rounds), "ms", REDRAW_MS)
            traffic = watched_traffic(context, address, seconds)
            everything = (traffic.http + traffic.websocket) / 1000
            table.note("the curves' part of a refresh", [size / 1000 for size in traffic.polls], "kB")
            table.note("a refresh with all else sent meanwhile", [everything / len(traffic.polls)], "kB", REFRESH_KB)
        for when, found in (("before the first page", bare), ("at the end", memory(process))):
            limit = SERVER_MB if when == "at the end" else None
            table.note(f"server's memory {when}", [found["VmRSS"]], "MB", limit)
            table.note(f"of it its own (RssAnon), {when}", [found["RssAnon"]], "MB")
            table.note(f"of it mapped files (RssFile), {when}", [found["RssFile"] + found["RssShmem"]], "MB")
    return table


def repeated(rounds: int, context: BrowserContext, address: str, size: ViewportSize = SIZE) -> list[float]:
    """Seconds of each of some openings."""
    return [opening_s(context, address, size) for _ in range(rounds)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="of counting bytes")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        runs = [
            make_run(Path(folder, "runs"), preset, options.rows, seed) for seed, preset in enumerate(options.presets)
        ]
        # A profile on disk: a private window keeps no compiled scripts.
        profile = Path(folder, "browser")
        context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium, args=FLAGS)
        table = measure(context, Path(folder, "runs"), runs, options.rounds, options.seconds)
        context.close()
    print(f"load while measuring: {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")
    sys.exit(f"missed: {'; '.join(table.missed)}" if table.missed else 0)


if __name__ == "__main__":
    main()
