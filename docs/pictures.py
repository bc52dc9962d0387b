"""The README's pictures of pages, made anew: `make pictures` (some five minutes; MNIST where it is at hand).

Trains a few short runs in a temporary folder, starts the dashboard on them, drives an installed Chromium, and writes
`docs/images/train.png`, `compare.png`, `plane.png` and `latent.png`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from gancore.recipes import configure
from gancore.runs import RunManager
from gancore.sources import is_local

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
DATA = "mnist" if is_local("mnist") else "digits"
START_S, DRAWN_MS = 180, 6_000
WIDTH = 1280


def train(root: Path) -> dict[str, str]:
    """Preset -> id of a finished run: two that share a minute on images, two in the plane."""
    manager = RunManager(root)
    runs = [manager.start(configure(preset, data="grid", plan="4000it", seed=1)) for preset in ("r3gan", "minimax")]
    for run in runs:
        run.wait()
    runs += [manager.start(configure(preset, data=DATA, plan="60s", seed=1)) for preset in ("dcgan", "quick")]
    for run in runs:
        run.wait()
    manager.shutdown()
    return {run.config.preset: run.id for run in runs}


@contextmanager
def dashboard(root: Path) -> Iterator[str]:
    """The address of a server on these runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py"), f"--server.port={port}"]
    server = subprocess.Popen([*command, "--server.headless=true"], env={**os.environ, "GANSCOPE_RUNS": str(root)})
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def take(page: Page, address: str, name: str, height: int) -> None:
    """One page, as far down as ``height``, once it is still."""
    page.goto(address)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_timeout(DRAWN_MS)
    page.screenshot(path=IMAGES / name)


def main() -> None:
    """Train, look, write."""
    browser_path = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    with tempfile.TemporaryDirectory() as folder:
        ids = train(Path(folder))
        with dashboard(Path(folder)) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
            page = browser.new_page(viewport={"width": WIDTH, "height": 900})
            page.set_default_timeout(60_000)
            images = f"runs={ids['quick']}&runs={ids['dcgan']}"
            take(page, f"{address}/?charts=Losses&charts=Discriminator&charts=Quality", "train.png", 2140)
            take(page, f"{address}/compare?{images}&charts=Losses", "compare.png", 1500)
            take(page, f"{address}/plane?runs={ids['r3gan']}&runs={ids['minimax']}", "plane.png", 1500)
            take(page, f"{address}/latent?run={ids['quick']}", "latent.png", 1000)
            browser.close()


if __name__ == "__main__":
    main()
