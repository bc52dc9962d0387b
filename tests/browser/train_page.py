"""What the tests of the Train page do and look at, in a visitor's terms."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, TimeoutError, expect

PATIENCE_MS = 60_000
"""For what training must bring, on a machine that other tests keep busy."""
SENT_MS = 200
"""A page tells that it works on something only when the server has said so."""
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def open_train(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/{query}")
    expect(start_button(page)).to_be_enabled()
    settle(page)


def settle(page: Page) -> None:
    """Wait until what was last entered or pressed has been answered."""
    page.wait_for_timeout(SENT_MS)
    page.locator(SETTLED).wait_for()


def start_button(page: Page) -> Locator:
    return page.locator(".st-key-start").get_by_role("button")


def choose(page: Page, *presets: str) -> None:
    """Leave only these chosen; ``quick`` is chosen at first."""
    form = page.locator(".st-key-new-run")
    for preset in (*presets, "quick"):
        form.get_by_role("button", name=preset, exact=True).click()
    expect(start_button(page)).to_have_text(
        re.compile(f"Start {len(presets)} runs" if len(presets) > 1 else "Start$")
    )
    settle(page)


def choose_option(page: Page, menu: str, option: str) -> None:
    """Open a menu when the page is still, as a rerun that ends meanwhile closes it again."""
    box, wanted = page.get_by_role("combobox", name=menu), page.get_by_role("option", name=re.compile(option))
    for _ in range(10):
        settle(page)
        box.click()
        with contextlib.suppress(TimeoutError):
            wanted.click(timeout=3_000)
            break
    expect(box).to_have_value(re.compile(option))
    settle(page)


def enter(place: Locator, text: str) -> None:
    place.fill(text)
    place.press("Enter")
    settle(place.page)


def field(within: Page | Locator, label: str) -> Locator:
    """Where text or a number is typed in; its button for help has its label too."""
    name = re.compile(f"^{label}")
    return within.get_by_role("textbox", name=name).or_(within.get_by_role("spinbutton", name=name))


def choose_budget(page: Page, unit: str, amount: str) -> None:
    """Such as 8 ``generator updates`` for each run."""
    choose_option(page, "Budget", unit)
    how_many = page.get_by_role("spinbutton", name="How many")
    expect(how_many).to_be_enabled()
    enter(how_many, amount)
    expect(how_many).to_have_value(amount)


def start(page: Page, preset: str, updates: int) -> Locator:
    """Start one run of a preset for so many generator updates; its card."""
    choose(page, preset)
    choose_budget(page, "generator updates", str(updates))
    cards = page.locator(f'[class*="st-key-card-{preset}"]')
    before = {run_id_of(card) for card in cards.all()}
    start_button(page).click()
    # Until it has one, an earlier run's card is the newest.
    page.wait_for_function(
        """([preset, before]) => {
            const newest = document.querySelector(`[class*=st-key-card-${preset}]`);
            return newest && !before.includes(/st-key-card-(\\S+)/.exec(newest.className)[1]);
        }""",
        arg=[preset, list(before)],
        timeout=PATIENCE_MS,
    )
    settle(page)  # what stood there before is drawn until then
    return card_of(page, run_id_of(newest_card(page, preset)))


def newest_card(page: Page, preset: str) -> Locator:
    return page.locator(f'[class*="st-key-card-{preset}"]').first


def card_of(page: Page, run_id: str) -> Locator:
    return page.locator(f".st-key-card-{run_id}")


def run_id_of(card: Locator) -> str:
    """The run that a card is of."""
    found = re.search(r"st-key-card-(\S+)", card.get_attribute("class") or "")
    assert found
    return found[1]


def panel(card: Locator, key: str = "losses") -> Locator:
    """One chart of a card."""
    return card.locator(f'[data-testid=curve-panel][data-panel="{key}"]')


def rows(card: Locator, key: str = "losses") -> int:
    """Rows of the longest log that a chart has drawn."""
    return int(panel(card, key).get_attribute("data-rows") or 0)


def wait_for_rows(card: Locator, more_than: int, key: str = "losses") -> int:
    """Wait until a chart has drawn more rows than so many; how many it has then."""
    expect(panel(card, key)).to_be_attached()
    panel(card, key).scroll_into_view_if_needed()
    card.page.wait_for_function(
        "([figure, n]) => +figure.dataset.rows > n",
        arg=[panel(card, key).element_handle(), more_than],
        timeout=PATIENCE_MS,
    )
    return rows(card, key)


def marks(card: Locator, key: str = "losses") -> list[str]:
    """What the labels in a chart say: its levels and markers."""
    found: list[str] = panel(card, key).evaluate(
        "figure => figure.querySelector('.js-plotly-plot').layout.annotations.map(each => each.text)"
    )
    return found


def expect_mark(card: Locator, label: str) -> None:
    """Wait until the first chart is marked so."""
    panel(card).scroll_into_view_if_needed()
    card.page.wait_for_function(
        """([figure, label]) => figure.querySelector('.js-plotly-plot')?.layout?.annotations
             ?.some(each => each.text === label)""",
        arg=[panel(card).element_handle(), label],
        timeout=PATIENCE_MS,
    )


def press(card: Locator, button: str) -> None:
    card.get_by_role("button", name=button, exact=True).click()


def badges(within: Page | Locator, state: str) -> Locator:
    """The states of cards, those that are this one."""
    return within.locator(".stMarkdownBadge").filter(has_text=state)


def pause(card: Locator) -> None:
    press(card, "Pause")
    expect(badges(card, "paused")).to_be_visible(timeout=PATIENCE_MS)


def stop(card: Locator) -> None:
    press(card, "Stop")
    expect(badges(card, "stopped")).to_be_visible(timeout=PATIENCE_MS)


def stored(runs: Path, run_id: str, name: str) -> Any:
    """A JSON file of a run's folder; None where there is none."""
    file = runs / run_id / name
    return json.loads(file.read_text()) if file.is_file() else None


def run_ids(runs: Path) -> set[str]:
    return {file.parent.name for file in runs.glob("*/status.json")}


def is_too_wide(page: Page) -> bool:
    found: bool = page.get_by_test_id("stMain").evaluate("main => main.scrollWidth > main.clientWidth")
    return found
