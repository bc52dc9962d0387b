"""A real Chromium and real servers for the browser tests; everything is waited for with a limit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from servers import Servers

ROOT = Path(__file__).resolve().parents[2]
# A busy machine draws a page in seconds; Playwright's own limit of five fails there.
expect.set_options(timeout=30_000)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    # Chromium's own menus, which nobody opens, would be drawn ahead for every page.
    "--disable-features=PreloadTopChromeWebUI",
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
def context(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One browser for all tests, each of which gets its own `page`.

    With a profile on disk, as a private window keeps no compiled scripts; the dashboard keeps nothing in a browser.
    """
    with sync_playwright() as playwright:
        profile = tmp_path_factory.mktemp("profile")
        context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium, args=FLAGS)
        context.set_default_timeout(30_000)
        yield context
        context.close()


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
def watched(context: BrowserContext) -> Iterator[WatchedPage]:
    """A fresh 1280 x 900 page in light mode, with its console errors in `.errors`."""
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    yield WatchedPage(page)
    page.close()


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
    # A script that does not lie beside the settings finds them where it is started.
    folder = tmp_path_factory.mktemp("cwd")
    shutil.copytree(ROOT / "dashboard" / ".streamlit", folder / ".streamlit")
    servers = Servers(tmp_path_factory.mktemp("servers"))

    def start(
        script: Path | str,
        *,
        env: dict[str, str] | None = None,
        cwd: Path | str | None = None,
        base_path: str = "",
    ) -> str:
        return servers.start(script, env or {}, cwd or folder, base_path)

    yield start
    servers.stop()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder of runs; files that have runs beforehand have a fixture of their own."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve: Serve, runs: Path) -> str:
    """The dashboard with networks that train in milliseconds, on `runs`."""
    return serve(Path(__file__).parent / "pages" / "tiny_app.py", env={"GANSCOPE_RUNS": str(runs)})
