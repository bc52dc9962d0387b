"""Every page under axe-core: names, roles and contrast, on a desk and on a phone, in light and in dark.

axe-core's rules are WCAG 2's and its own best practices; what it cannot see, such as the keyboard order, is not
tested here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tiny_runs import tiny

from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (1280, 390)
PAGES = ("", "compare", "plane", "latent", "ranking", "runs")
# What is being drawn anew is faded, and our own styles may come after the text: its contrast is not what it will be.
STILL = """() => !document.querySelector('[data-stale="true"]')
    && [...document.querySelectorAll('[data-testid="stCaptionContainer"]')].every(
        (caption) => getComputedStyle(caption).opacity === "1")
    && document.getAnimations().every((animation) =>
        animation.playState !== "running" || animation.effect.getTiming().iterations === Infinity)"""
ALLOWED: dict[str, str] = {}
"""Rule -> why a violation of it is Streamlit's to mend, not ours."""


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The dashboard over two runs on images and one in the plane."""
    folder = tmp_path_factory.mktemp("runs")
    manager = RunManager(folder)
    for config in (tiny("quick"), tiny("wgan-lab"), tiny("ns-gan", data="ring")):
        run = manager.start(config)
        assert run.wait(60)
    manager.shutdown()
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(folder)})


@pytest.fixture(scope="module")
def empty(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The dashboard before the first run."""
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(tmp_path_factory.mktemp("none"))})


def violations(page: Page, address: str, scheme: Literal["light", "dark"]) -> list[str]:
    """What axe-core finds on all pages, each with page, width and element."""
    found = []
    page.emulate_media(color_scheme=scheme)
    for name in PAGES:
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.goto(f"{address}/{name}")
        expect(page.get_by_test_id("stMainBlockContainer").get_by_test_id("stMarkdown").first).to_be_visible(
            timeout=90_000
        )
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(STILL)
            for violation in Axe().run(page).response["violations"]:
                if violation["id"] not in ALLOWED:
                    found += [
                        f"{name} {width} {violation['id']}: {node['html']} {node['failureSummary']}"
                        for node in violation["nodes"]
                    ]
    return found


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_pages_with_runs(page: Page, address: str, scheme: Literal["light", "dark"]) -> None:
    assert violations(page, address, scheme) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_without_runs(page: Page, empty: str, scheme: Literal["light", "dark"]) -> None:
    assert violations(page, empty, scheme) == []


def test_a_violation_is_found(page: Page) -> None:
    page.set_content("<html lang=en><title>A page</title><main><h1>A page</h1><button></button></main></html>")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == ["button-name"]
