"""A first visitor's three steps, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

APP = Path(__file__).parent / "pages" / "first_visit_app.py"
HEADING = "From noise to digits"


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
def test_three_steps_lead_to_a_walk(page: Page, serve: Callable[..., str], tmp_path: Path, width: int) -> None:
    address = serve(APP, env={"GANSCOPE_RUNS": str(tmp_path / "runs")})
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    guide = page.locator(".st-key-first-visit")
    done = guide.get_by_text(re.compile("· done"))
    walk = guide.get_by_role("button", name="Walk through its digits")
    expect(guide.get_by_text(HEADING)).to_be_visible()
    expect(done).to_have_count(0)
    expect(walk).to_be_disabled()
    expect(guide.get_by_role("progressbar")).to_be_visible()  # Streamlit fetches its code when it is first needed
    before = guide.bounding_box()
    guide.get_by_role("button", name="Train digits").click()
    expect(guide.get_by_role("button", name="Train digits")).to_be_disabled()
    card = page.locator('[class*="st-key-card-quick-digits"]')
    expect(card.get_by_text("finished")).to_be_visible(timeout=120_000)
    expect(done).to_have_count(3)
    after = guide.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["height"] - before["height"]) <= 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    walk.click()
    run = next(file.parent.name for file in (tmp_path / "runs").glob("*/config.json"))
    expect(page).to_have_url(re.compile(rf"/latent\?.*run={run}"))
    expect(page.get_by_text(run)).to_be_visible()
    page.go_back()
    expect(done).to_have_count(3)
    guide.get_by_role("button", name="Close").click()
    expect(guide).to_have_count(0)
    page.goto(address)
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    expect(guide).to_have_count(0)
