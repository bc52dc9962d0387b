"""A real Chromium and real servers for the browser tests; everything is waited for with a limit."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_S = 60
STOP_S = 20
# A busy machine draws a page in seconds; Playwright's own limit of five fails there.
expect.set_options(timeout=30_000)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_chromium() -> str | None:
    """Path of an installed Chromium or Chrome, else of one that Playwright installed, else None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser the tests drive; without one they are skipped."""
    path = find_chromium()
    if path is None:
        pytest.skip("no browser: install chromium, or run `playwright install chromium`")
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests; each test gets its own context from `page`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


class WatchedPage:
    """A browser page together with what its console complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@pytest.fixture
def watched(browser: Browser) -> Iterator[WatchedPage]:
    """A fresh 1280 x 900 page in light mode, with its console errors in `.errors`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.set_default_timeout(30_000)
    yield WatchedPage(context.new_page())
    context.close()


@pytest.fixture
def page(watched: WatchedPage) -> Page:
    """The page of `watched`, for tests that do not look at the console."""
    return watched.page


Serve = Callable[..., str]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A function that starts `streamlit run script` and returns its address, e.g. "http://127.0.0.1:40123".

    `serve(script, env=None, cwd=None, base_path="")`: `env` is added to the environment, `cwd` is a fresh
    folder with the dashboard's settings unless given. All servers are stopped at the end of the file, with what
    still trains there.
    """
    servers: list[subprocess.Popen[bytes]] = []
    logs = tmp_path_factory.mktemp("servers")
    # A script that does not lie beside the settings finds them where it is started.
    folder = tmp_path_factory.mktemp("cwd")
    shutil.copytree(ROOT / "dashboard" / ".streamlit", folder / ".streamlit")

    def start(
        script: Path | str,
        *,
        env: dict[str, str] | None = None,
        cwd: Path | str | None = None,
        base_path: str = "",
    ) -> str:
        port = free_port()
        log = logs / f"{port}.log"
        address = f"http://127.0.0.1:{port}/{base_path}".rstrip("/")
        command = [sys.executable, "-m", "streamlit", "run", str(script)]
        command += [
            f"--server.port={port}",
            f"--server.baseUrlPath={base_path}",
            "--server.address=127.0.0.1",
            "--server.headless=true",
            "--browser.gatherUsageStats=false",
        ]
        with log.open("wb") as output:
            server = subprocess.Popen(
                command,
                cwd=cwd or folder,
                # One thread: two that wait for one another hardly move while another test keeps the cores busy.
                env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        servers.append(server)
        wait_until_healthy(address, server, log)
        return address

    yield start
    for server in servers:
        stop(server)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder of runs; files that have runs beforehand have a fixture of their own."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve: Serve, runs: Path) -> str:
    """The dashboard with networks that train in milliseconds, on `runs`."""
    return serve(Path(__file__).parent / "pages" / "tiny_app.py", env={"GANSCOPE_RUNS": str(runs)})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        # URLError, also that of a 503 while starting, is an OSError.
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
            return
        time.sleep(0.1)
    pytest.fail(f"{address} did not start (exit status {server.poll()}):\n{log.read_text(errors='replace')}")


def stop(server: subprocess.Popen[bytes]) -> int:
    """End a server as Ctrl-C's cousin does, by force if it does not listen; returns its exit status."""
    server.terminate()
    try:
        return server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait()
