"""The lab report, clicked, downloaded, and opened from the disk without a network."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from tiny_runs import tiny

from gancore.answers import answers
from gancore.run import Run
from gancore.runs import RunManager

pytest.importorskip("matplotlib")

ROOT = Path(__file__).resolve().parents[2]
RERUN_MS = 90_000
ANSWER = "Both fall,\nthen <level> off."


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """A finished gan-simple and wgan-lab."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    found = [manager.start(tiny(preset, "12it")) for preset in ("gan-simple", "wgan-lab")]
    assert all(run.wait(60) for run in found)
    manager.shutdown()
    return found


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: list[Run]) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs[0].folder.path.parent)})


@pytest.fixture
def opened(context: BrowserContext) -> Any:
    """A page for files; what follows goes on when the browser is back online."""
    page = context.new_page()
    yield page
    context.set_offline(False)
    page.close()


def download(page: Page, label: str) -> bytes:
    with page.expect_download(timeout=RERUN_MS) as found:
        page.get_by_role("button", name=label).click()
    return found.value.path().read_bytes()


def test_a_report_is_written_downloaded_opened_offline_and_printed(
    watched: Any, address: str, runs: list[Run], opened: Page, tmp_path: Path
) -> None:
    page: Page = watched.page
    page.goto(f"{address}/compare?" + "&".join(f"runs={run.id}" for run in runs))
    card = page.locator(".st-key-report-card")
    card.get_by_text("Questions of the lab").click(timeout=RERUN_MS)
    asked = card.get_by_role("textbox", name=re.compile("How do each run's losses change"))
    asked.fill(ANSWER)
    asked.blur()
    folders = [run.folder for run in runs]
    for _ in range(100):
        if answers(folders):
            break
        page.wait_for_timeout(100)
    assert answers(folders) == {"trends": ANSWER}
    report = tmp_path / "report.html"
    report.write_bytes(download(page, "Lab report (HTML)"))
    archive = zipfile.ZipFile(io.BytesIO(download(page, "All figures and data (ZIP)")))
    assert {"report.html", "figures/losses-1.pdf", "data/compared-generator_loss.csv"} <= set(archive.namelist())
    page.reload()
    card.get_by_text("Questions of the lab").click(timeout=RERUN_MS)
    expect(asked).to_have_value(ANSWER, timeout=RERUN_MS)
    assert [error for error in watched.errors if "404" not in error] == []

    requests: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("console", lambda message: errors.append(message.text))
    opened.context.set_offline(True)
    for scheme, width in (("light", 1280), ("dark", 390)):
        opened.emulate_media(color_scheme=scheme)
        opened.set_viewport_size({"width": width, "height": 900})
        opened.goto(report.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
        assert opened.locator("img").count() == 5 * len(runs)
        expect(opened.locator(".answer:not(.blank)")).to_have_text(ANSWER, use_inner_text=True)
        found = Axe().run(opened).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    assert {url for url in requests if not url.startswith("data:")} == {report.as_uri()}
    assert errors == []

    printed = opened.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) > 3
    opened.emulate_media(media="print")
    paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)", "light on paper, though the screen is dark"
