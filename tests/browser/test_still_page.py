"""Nothing jumps while a run trains: diagnosis, quality and galleries come, buttons and charts stay where they are."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from train_page import PATIENCE_MS, open_train, panel, start, stop

REFRESH_MS, REFRESHES, MOST = 500, 14, 120
# Name -> its box on the page, not on the screen.
PLACES = """card => {
  const top = document.querySelector("[data-testid=stMain]").scrollTop;
  const found = {};
  const note = (name, element) => {
    const box = element.getBoundingClientRect();
    found[name] = [box.x, box.y + top, box.width, box.height].map(Math.round);
  };
  for (const name of ["toggle", "Step", "Stop"]) note(name, card.querySelector(`[class*=st-key-${name}-] button`));
  for (const name of ["diagnosis", "steer"]) note(name, card.querySelector(`[class*=st-key-${name}-] summary`));
  for (const figure of card.querySelectorAll("[data-testid=curve-panel]")) note(figure.dataset.panel, figure);
  note("galleries", card.querySelector("[class*=st-key-milestones-]"));
  found.galleries = found.galleries.slice(0, 2);  // as high as the pictures that it has
  return found;
}"""


def progress(card: Locator) -> str:
    return card.locator('[class*="st-key-progress-"]').inner_text()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_what_stands_above_and_among_the_charts_does_not_move(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_train(page, address)
    card = start(page, "gan-lab", 2_000)
    expect(panel(card)).to_be_attached(timeout=PATIENCE_MS)
    expect(card.locator('[class*="st-key-milestones-"]')).to_be_attached()
    to_come = {
        "diagnosis": card.locator('[class*="st-key-diagnosis-"] summary').filter(has_text="different ranges"),
        "quality": card.get_by_text(re.compile(r"Classes covered: \d+ of 10")),
        "gallery": card.get_by_role("img", name=re.compile(" at 25 %")),
    }
    first, texts, refreshes = card.evaluate(PLACES), set(), 0
    assert {"diagnosis", "steer", "losses", "discriminator", "frechet", "modes", "galleries"} < set(first)
    while refreshes < REFRESHES or not all(each.count() for each in to_come.values()):
        assert refreshes < MOST, {name: each.count() for name, each in to_come.items()}
        page.wait_for_timeout(REFRESH_MS)
        assert card.evaluate(PLACES) == first, f"refresh {refreshes}: {progress(card)}"
        texts.add(progress(card))
        refreshes += 1
    assert len(texts) > 2, "the card has refreshed"
    stop(card)
