"""The Learn page as a visitor sees it: topics, formulas, experiments that find something, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

# Streamlit fades in what is new: until then its contrast is not what it will be.
STILL = """() => !document.querySelector('[data-stale="true"]') && document.getAnimations().every((animation) =>
    animation.playState !== "running" || animation.effect.getTiming().iterations === Infinity)"""


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: Path) -> str:
    return serve(Path(__file__).parent / "pages" / "learn_app.py", env={"GANSCOPE_RUNS": str(runs)})


def open_topic(page: Page, address: str, topic: str, more: str = "") -> None:
    page.goto(f"{address}/learn?topic={topic}{more}")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_topics_formulas_and_the_way_between_them(page: Page, address: str) -> None:
    open_topic(page, address, "equilibrium")
    expect(page.locator(".katex-display")).to_have_count(1)
    assert page.locator(".katex-error").count() == 0
    assert page.get_by_role("paragraph").first.bounding_box()["width"] < 720  # type: ignore[index]
    page.locator(".st-key-learn-menu").get_by_role("button", name="Mode collapse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mode collapse")
    expect(page).to_have_url(re.compile("topic=mode-collapse"))
    page.locator(".st-key-learn-onwards").get_by_role("button").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("BatchNorm and its eps")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mode collapse")


def test_a_computed_experiment_draws_its_chart_and_says_what_it_found(page: Page, address: str) -> None:
    open_topic(page, address, "cross-entropy")
    card = page.locator(".st-key-claim-printed-losses")
    card.get_by_role("button", name="Run the experiment").click()
    expect(card).to_contain_text("The claim does not hold here")
    expect(card).to_contain_text("0.3214")
    expect(card.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(2)


def test_the_page_speaks_chinese_and_back(page: Page, address: str) -> None:
    open_topic(page, address, "gradient-reversal", "&lang=zh-CN")
    expect(page.get_by_role("heading", level=1)).to_have_text("梯度反转")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gradient reversal")


def test_runs_of_an_experiment_are_trained_once_and_lead_to_compare(page: Page, address: str, runs: Path) -> None:
    open_topic(page, address, "reading-curves", "&lang=en")
    card = page.locator(".st-key-claim-loss-is-quality")
    card.get_by_role("button", name="Train and find out").click()
    expect(card.locator(".st-key-finding-loss-is-quality")).to_contain_text("G's loss was", timeout=90_000)
    folders = [path.parent.name for path in runs.glob("*/status.json")]
    assert len(folders) == 1
    open_topic(page, address, "reading-curves")
    expect(card.locator(".st-key-finding-loss-is-quality")).to_contain_text("G's loss was")
    expect(card.get_by_role("button", name="Train and find out")).to_have_count(0)
    card.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(f"compare.*runs={folders[0]}"))
    notes = page.locator(".st-key-notes-compare")
    notes.locator("summary").click()
    expect(notes).to_contain_text("How badly the samples fool the present D.")
    notes.get_by_role("link", name="What the curves say").first.click()
    expect(page).to_have_url(re.compile("learn.*topic=reading-curves"))


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_on_a_desk_and_on_a_phone(page: Page, address: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    open_topic(page, address, "divergences", "&lang=en")
    page.locator(".st-key-claim-js-is-flat").get_by_role("button").click()
    expect(page.locator(".st-key-claim-js-is-flat .js-plotly-plot")).to_be_visible()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(STILL)
        assert not is_too_wide(page)
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
