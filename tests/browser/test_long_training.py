"""Ten minutes of training, watched in two tabs: nothing is built anew, and what the reader has set stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from tiny_runs import tiny

from gancore.recipes import configure
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
WATCH_S = 600
SETTING_UP_S = 900
LOOK_EVERY_S = 15
GROWS_WITHIN_S = 90
FIRST_STEPS_S = 240

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(WATCH_S + SETTING_UP_S)]

_SEEN = """
() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const graphs = all('[data-testid=curve-panel] .js-plotly-plot');
  return {
    mounts: all('[data-mounts]').map(({ dataset }) => [dataset.testid, dataset.key, dataset.mounts]),
    zooms: graphs.map((graph) => graph._fullLayout.xaxis.range.map(Number)),
    chips: all('.cb-chip').map((chip) => [chip.textContent, chip.getAttribute('aria-pressed')]),
    scrubbers: all('input[type=range][aria-label="Percent of the training"]').map((each) => each.value),
  };
}
"""


@pytest.fixture
def runs(tmp_path: Path) -> RunManager:
    """A short finished run, and `quick` on the digits, stopped early in its plan."""
    manager = RunManager(tmp_path / "runs", max_running=1)
    assert manager.start(tiny("gan-simple", plan="40it")).wait(FIRST_STEPS_S)
    run = manager.start(configure("quick", data="digits", plan=f"{WATCH_S + SETTING_UP_S}s", seed=1))
    deadline = time.monotonic() + FIRST_STEPS_S
    while run.status().iteration < 20 and time.monotonic() < deadline:
        time.sleep(0.2)
    run.stop()
    assert run.wait(FIRST_STEPS_S)
    manager.shutdown()
    return manager


def rows(panel: Locator) -> int:
    """Of its longest log."""
    return int(panel.get_attribute("data-rows") or 0)


def zoom(panel: Locator) -> None:
    box = panel.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    mouse, middle = panel.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 0.2 * box["width"], middle)
    mouse.down()
    mouse.move(box["x"] + 0.7 * box["width"], middle, steps=4)
    mouse.up()
    expect(panel.get_by_role("button", name="Reset zoom")).to_be_visible()


def hide(chip: Locator) -> None:
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")


def test_ten_minutes_of_training_disturb_nothing(
    context: BrowserContext, serve: Callable[..., str], runs: RunManager
) -> None:
    quick, short = (
        next(run.id for run in runs.runs() if run.config.preset == name) for name in ("quick", "gan-simple")
    )
    address = serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs.root)})
    train, compare = context.new_page(), context.new_page()
    errors: list[str] = []
    for page in (train, compare):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))

    train.goto(address)
    card = train.locator(f".st-key-card-{quick}")
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_role("button", name="Pause")).to_be_visible()
    compare.goto(f"{address}/compare?runs={quick}&runs={short}")
    losses = {
        "train": card.get_by_test_id("curve-panel").first,
        "compare": compare.get_by_test_id("curve-panel").first,
    }
    for panel in losses.values():
        panel.scroll_into_view_if_needed()  # charts out of sight are not drawn
        wait_for_more(panel, 100)
        zoom(panel)
    hide(losses["train"].locator(".cb-chip").last)
    hide(compare.locator(f".cb-legend .cb-chip[data-id={short}]"))
    scrubber = compare.get_by_role("slider", name="Percent of the training")
    scrubber.fill("25")
    scrubber.blur()
    losses["compare"].scroll_into_view_if_needed()
    time.sleep(LOOK_EVERY_S)

    pages = {"train": train, "compare": compare}
    first = {name: page.evaluate(_SEEN) for name, page in pages.items()}
    assert first["compare"]["scrubbers"] == ["25"]
    assert all(len(seen["mounts"]) and len(seen["zooms"]) for seen in first.values())
    assert all(mounts == "1" for seen in first.values() for *_, mounts in seen["mounts"])
    grown, last_grown = {name: rows(panel) for name, panel in losses.items()}, dict.fromkeys(pages, time.monotonic())
    begun = dict(grown)
    deadline = time.monotonic() + WATCH_S
    while time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
        for name, page in pages.items():
            seen, now = page.evaluate(_SEEN), rows(losses[name])
            assert kept(seen) == kept(first[name]), name
            if now > grown[name]:
                grown[name], last_grown[name] = now, time.monotonic()
            assert time.monotonic() - last_grown[name] < GROWS_WITHIN_S, f"{name} has stood still at {now} rows"
    print({name: (begun[name], grown[name]) for name in pages}, first)
    assert errors == []
    press_stop(card)
    train.close()
    compare.close()


def kept(seen: dict[str, Any]) -> dict[str, Any]:
    """What has to stay; of the charts the first, as those out of sight are drawn when they come into it."""
    return {**seen, "zooms": seen["zooms"][:1]}


def wait_for_more(panel: Locator, than: int) -> None:
    deadline = time.monotonic() + FIRST_STEPS_S
    while rows(panel) <= than:
        assert time.monotonic() < deadline, f"only {rows(panel)} rows within {FIRST_STEPS_S} s"
        time.sleep(0.5)


def press_stop(card: Locator) -> None:
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_role("button", name="Resume")).to_be_visible(timeout=60_000)
