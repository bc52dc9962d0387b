"""Steering on a run's card: what each control does to the run, and how it is marked on the curves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from safetensors.torch import load_file
from torch import Tensor
from train_page import (
    enter,
    expect_mark,
    field,
    newest_card,
    open_train,
    pause,
    press,
    run_id_of,
    start,
    stop,
    stored,
    wait_for_rows,
)

STEPS = 3
PLACE = re.compile(r" · iteration ([\d,]+) · epoch")


def steer(card: Locator) -> Locator:
    return card.locator('[class*="st-key-steer-"]').first


def iteration(runs: Path, run_id: str) -> int:
    return int(stored(runs, run_id, "status.json")["iteration"])


def changes(runs: Path, run_id: str) -> list[tuple[str, object, object]]:
    found = stored(runs, run_id, "changes.json") or []
    return [(change["what"], change["before"], change["after"]) for change in found]


def step(card: Locator) -> int:
    """Train some single iterations; the iteration the run is at then."""
    told = card.get_by_text(PLACE)
    for _ in range(STEPS):
        after = place(told) + 1  # not from the stored status, which follows what is told here
        press(card, "Step")
        expect(card.get_by_text(f"iteration {after:,} ")).to_be_visible()
    return place(told)


def place(told: Locator) -> int:
    found = PLACE.search(told.inner_text())
    assert found
    return int(found[1].replace(",", ""))


def weights(card: Locator, runs: Path, player: str) -> dict[str, Tensor]:
    """A player's weights in the newest checkpoint, which a pause has just written."""
    newest = max((runs / run_id_of(card)).glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    assert int(newest.name.rpartition("-")[2]) == iteration(runs, run_id_of(card))
    return load_file(newest / f"{player}.safetensors")


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(one[name].equal(other[name]) for name in one)


def choose_player(card: Locator, name: str) -> None:
    option = steer(card).get_by_role("radio", name=name)
    option.click()
    expect(option).to_be_checked()


@pytest.fixture
def card(page: Page, address: str) -> Locator:
    """A critic's run that is paused, with its controls open."""
    open_train(page, address)
    card = start(page, "wgan-lab", 1_000_000)
    wait_for_rows(card, 0)
    pause(card)
    steer(card).get_by_text("Steer", exact=True).click()
    return card


def test_rates_and_critic_steps_hold_are_stored_and_marked(card: Locator, runs: Path) -> None:
    run_id = run_id_of(card)
    controls = steer(card)
    rate = field(controls, "Learning rate of the critic")
    planned = rate.input_value()
    for wrong, told in (
        ("fast", "Expected a learning rate such as 0.0002, found 'fast'."),
        ("5", "at most 1, found 5"),
        ("0", "greater than 0, found 0"),
    ):
        enter(rate, wrong)
        expect(controls.get_by_text(told)).to_be_visible()
        assert changes(runs, run_id) == []

    enter(rate, "0.0005")
    expect(controls.get_by_text("at most 1")).to_have_count(0)
    expect_mark(card, f"Critic rate {planned} → 0.0005")
    steps = field(controls, "Critic steps")
    before = int(steps.input_value())
    enter(steps, "3")
    expect_mark(card, f"Critic steps {before} → 3")
    expected = [("learning_rate.critic", float(planned), 0.0005), ("critic_steps", before, 3)]
    assert changes(runs, run_id) == expected

    step(card)
    stop(card)
    card.page.reload()
    card = newest_card(card.page, "wgan-lab")
    expect_mark(card, "Critic rate 5e-05 → 0.0005")
    expect_mark(card, f"Critic steps {before} → 3")
    assert changes(runs, run_id) == expected


def test_a_click_counts_once_where_a_refresh_goes_out_before_it(card: Locator) -> None:
    # As where the browser is busy: what it is to do at once, it comes to when the next refreshes have been sent.
    card.page.evaluate(
        "() => { const later = setTimeout; window.setTimeout = (f, ms, ...rest) => later(f, ms || 1200, ...rest); }"
    )
    told = card.get_by_text(PLACE)
    before = place(told)
    press(card, "Step")
    expect(card.get_by_text(f"iteration {before + 1:,} ")).to_be_visible()
    card.page.wait_for_timeout(1_500)
    assert place(told) == before + 1


@pytest.mark.slow
def test_the_player_that_does_not_train_stays_exactly_as_it_is(card: Locator, runs: Path) -> None:
    critic, generator = weights(card, runs, "discriminator"), weights(card, runs, "generator")
    choose_player(card, "G alone")
    at = step(card)
    expect_mark(card, "Only G trains")
    press(card, "Resume")
    wait_for_rows(card, at + 1)
    pause(card)
    assert same(weights(card, runs, "discriminator"), critic)
    assert not same(weights(card, runs, "generator"), generator)

    generator = weights(card, runs, "generator")
    choose_player(card, "D alone")
    at = step(card)
    expect_mark(card, "Only D trains")
    press(card, "Resume")
    wait_for_rows(card, at + 1)
    pause(card)
    assert same(weights(card, runs, "generator"), generator)
    assert not same(weights(card, runs, "discriminator"), critic)
    told = [("trains", "both", "generator"), ("trains", "generator", "discriminator")]
    assert changes(runs, run_id_of(card)) == told
    stop(card)


@pytest.mark.slow
def test_slow_motion(card: Locator, runs: Path) -> None:
    run_id = run_id_of(card)
    expect(steer(card).get_by_role("radio", name="Full")).to_be_checked()
    steer(card).get_by_role("radio", name="Slow").click()
    press(card, "Resume")
    begun = wait_for_rows(card, iteration(runs, run_id))
    card.page.wait_for_timeout(3_000)
    pause(card)
    slow = iteration(runs, run_id) - begun
    assert slow <= 12, "two a second"
    expect(steer(card).get_by_role("radio", name="Slow")).to_be_checked()
    assert changes(runs, run_id) == [], "it changes nothing that is computed"
    steer(card).get_by_role("radio", name="Full").click()
    press(card, "Resume")
    wait_for_rows(card, begun + slow + 30)
    stop(card)
