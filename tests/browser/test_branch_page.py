"""Branching from a card: from any checkpoint, with something changed, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import tiny
from train_page import (
    PATIENCE_MS,
    badges,
    card_of,
    choose_option,
    enter,
    expect_mark,
    field,
    is_too_wide,
    open_train,
    run_ids,
    settle,
    stored,
)

from gancore.history import HISTORY_FILE, read_history
from gancore.runs import RunManager

APP = Path(__file__).parent / "pages" / "tiny_app.py"
RUN_S = 60


@pytest.fixture(scope="module")
def parent(runs: Path) -> str:
    """A finished run that keeps a checkpoint of every milestone."""
    manager = RunManager(runs)
    run = manager.start(tiny("gan-lab", plan="40it"))
    assert run.wait(RUN_S)
    manager.shutdown()
    return run.id


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: Path, parent: str) -> str:
    return serve(APP, env={"GANSCOPE_RUNS": str(runs)})


@pytest.fixture
def opened(page: Page, address: str, parent: str) -> Locator:
    """The panel, opened from the parent's card."""
    open_train(page, address)
    button = card_of(page, parent).get_by_role("button", name="Branch")
    button.click()
    settle(page)
    found = page.locator(".st-key-branch-panel")
    expect(found).to_contain_text(f"Branch from {parent}")
    return found


def test_a_branch_from_the_middle_with_another_rate(page: Page, opened: Locator, runs: Path, parent: str) -> None:
    expect(opened.get_by_role("combobox", name="Continue from")).to_have_value("100 % · iteration 40")
    choose_option(page, "Continue from", "50 % · iteration 20")
    enter(field(opened, "Planned length"), "60it")
    field(opened, "Learning rate").fill("0.001")  # and no Enter: the button's press takes it as it is
    before = run_ids(runs)
    opened.get_by_role("button", name="Start branch").click()
    expect(opened).to_have_count(0)
    (branch,) = run_ids(runs) - before
    card = card_of(page, branch)
    expect(badges(card, "finished")).to_be_visible(timeout=PATIENCE_MS)
    assert stored(runs, branch, "parent.json") == {"run": parent, "iteration": 20, "percent": 50}
    config = stored(runs, branch, "config.json")
    assert (config["plan"], config["settings"]["learning_rate"]) == ("60it", 0.001)
    one, other = (read_history(runs / name / HISTORY_FILE) for name in (parent, branch))
    assert (len(one), len(other)) == (40, 60)
    for name in ("generator_loss", "discriminator_loss", "elapsed_s"):
        np.testing.assert_array_equal(one.column(name)[:20], other.column(name)[:20])
        assert not np.array_equal(one.column(name)[20:40], other.column(name)[20:40])
    expect_mark(card, "G rate 0.0002 → 0.001")


def test_what_is_refused_stands_at_its_field_and_nothing_is_lost(
    page: Page, opened: Locator, runs: Path, parent: str
) -> None:
    before = run_ids(runs)
    start = opened.get_by_role("button", name="Start branch")
    start.click()
    expect(opened.get_by_text("expected a longer plan, found 40 iterations")).to_be_visible()

    plan, rate = field(opened, "Planned length"), field(opened, "Learning rate")
    latent = field(opened, "Latent dimensions")
    enter(plan, "50it")
    enter(rate, "0.003")
    enter(latent, "9")
    start.click()
    told = opened.get_by_text("Decides the networks' shapes, so a branch keeps its parent's")
    expect(told).to_be_visible()
    above, sentence = latent.bounding_box(), told.bounding_box()
    assert above is not None
    assert sentence is not None
    assert above["y"] < sentence["y"] < above["y"] + 90
    assert abs(sentence["x"] - above["x"]) < 30
    for control, value in ((plan, "50it"), (rate, "0.003"), (latent, "9")):
        expect(control).to_have_value(value)
    assert run_ids(runs) == before

    page.set_viewport_size({"width": 390, "height": 844})
    expect(told).to_be_visible()
    assert not is_too_wide(page)
    opened.get_by_role("button", name="Close").click()
    expect(opened).to_have_count(0)
    assert run_ids(runs) == before


def test_the_panel_comes_into_view(page: Page, opened: Locator) -> None:
    """The button stands below a card's charts and galleries, the panel above them."""
    expect(opened.get_by_role("button", name="Start branch")).to_be_in_viewport()
