"""What the Compare page costs with four runs of a million logged iterations each, in a real browser.

    python benchmarks/compare_page.py [--rows 1000000] [--rounds 5] [--seconds 20] [--runs FOLDER]

Makes the runs (large_runs.py), starts the dashboard and drives an installed Chromium. Exit status 1 when a figure is
missed. The page is as tall as all charts together, so that all of them are drawn at once.
"""

from __future__ import annotations

import argparse
import base64
import shutil
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
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

APP = Path(__file__).resolve().parents[1] / "dashboard" / "app.py"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
TALL = {"width": 1280, "height": 3600}
PATIENCE_MS = 60_000
OPEN_S, REDRAW_MS, REFRESH_KB, SERVER_MB = 2.0, 300.0, 60.0, 1000.0
"""The figures to be held."""

_WATCH_OPENING = """
const look = () => {
  const panels = [...document.querySelectorAll('[data-testid=curve-panel]')];
  if (panels.length && panels.every((panel) => Number(panel.dataset.rows) > 0)) window.opened = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_WATCH_KEY = """
() => {
  const panels = [...document.querySelectorAll('[data-testid=curve-panel]')];
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
    import os
    import socket

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


def opening_s(context: BrowserContext, address: str) -> float:
    """Seconds from navigation to all charts drawn, in a new page."""
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.opened", timeout=PATIENCE_MS)
    seconds = page.evaluate("window.opened") / 1000
    page.close()
    return float(seconds)


def redraws_ms(page: Page, count: int) -> list[float]:
    """Milliseconds from a press of a key on the smoothing's slider to all charts drawn anew."""
    slider, found = page.get_by_role("slider", name="Smoothing"), []
    for turn in range(count):
        page.wait_for_timeout(1500)
        slider.focus()
        page.evaluate(_WATCH_KEY)
        page.keyboard.press("ArrowRight" if turn % 2 else "ArrowLeft")
        page.wait_for_function("window.redrawn", timeout=PATIENCE_MS)
        found.append(float(page.evaluate("window.redrawn")))
    return found


def measure(browser: Browser, folder: Path, runs: Sequence[LargeRun], rounds: int, seconds: float) -> bool:
    """Print the table; whether every figure is held."""
    query = "&".join(f"runs={run.folder.id}" for run in runs)
    rows: list[tuple[str, str, str, bool]] = []

    def note(what: str, values: Sequence[float], unit: str, limit: float | None = None) -> None:
        middle = statistics.median(values)
        text = (
            f"{middle:.3g} {unit} ({min(values):.3g} to {max(values):.3g})"
            if len(values) > 1
            else f"{middle:.3g} {unit}"
        )
        rows.append((what, text, "" if limit is None else f"{limit:g} {unit}", limit is None or middle < limit))

    with server(folder) as (root, process):
        address = f"{root}/compare?{query}"
        first = browser.new_context(viewport=TALL)
        first.add_init_script(_WATCH_OPENING)
        note("opens for the first time, nothing cached", [opening_s(first, address)], "s")
        bare = memory(process)
        note("opens, scripts cached", [opening_s(first, address) for _ in range(rounds)], "s", OPEN_S)
        page = first.new_page()
        page.goto(address)
        page.wait_for_function("window.opened", timeout=PATIENCE_MS)
        note("smoothing changed", redraws_ms(page, rounds), "ms", REDRAW_MS)
        page.close()
        with growing(runs):
            time.sleep(5)
            note("opens while all runs grow", [opening_s(first, address) for _ in range(rounds)], "s", OPEN_S)
            page = first.new_page()
            page.goto(address)
            page.wait_for_function("window.opened", timeout=PATIENCE_MS)
            page.wait_for_timeout(5000)
            traffic = Traffic()
            traffic.watch(first, page)
            page.wait_for_timeout(1000 * seconds)
            everything = traffic.http + traffic.websocket
            note("a refresh of the charts", [size / 1000 for size in traffic.polls], "kB")
            note("all traffic, for each refresh", [everything / 1000 / len(traffic.polls)], "kB", REFRESH_KB)
            note("smoothing changed while all runs grow", redraws_ms(page, rounds), "ms", REDRAW_MS)
        grown = memory(process)
    for when, found in (("after the first page", bare), ("at the end", grown)):
        limit = SERVER_MB if when == "at the end" else None
        note(f"server's memory {when}", [found["VmRSS"]], "MB", limit)
        note("  its own (RssAnon)", [found["RssAnon"]], "MB")
        note("  mapped files (RssFile)", [found["RssFile"] + found["RssShmem"]], "MB")
    print("| | measured | to be under | |\n| --- | ---: | ---: | --- |")
    for what, text, limit, held in rows:
        print(f"| {what} | {text} | {limit} | {'' if held else 'missed'} |")
    return all(held for *_, held in rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="of counting bytes")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        runs = [make_run(Path(folder), preset, options.rows, seed) for seed, preset in enumerate(PRESETS)]
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        held = measure(browser, Path(folder), runs, options.rounds, options.seconds)
        browser.close()
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
