"""No traceback stands as the page: where a page, a callback or a fragment fails, a card gives the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

HERE = Path(__file__).parent
TITLE = "Something went wrong in GANscope"


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(HERE / "pages" / "faulty_app.py")


@pytest.mark.parametrize("where", ["Break the page", "Break by a callback", "Break the part"])
def test_a_fault_is_a_card_with_its_details_folded(page: Page, address: str, where: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=where).click()
    expect(page.get_by_text(TITLE)).to_have_count(1)
    expect(page.get_by_text("ZeroDivisionError: a number of no use")).to_be_hidden()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_text("Details: ZeroDivisionError").click()
    details = page.get_by_test_id("stCode")
    expect(details).to_contain_text("ZeroDivisionError: a number of no use")
    details.hover()
    expect(details.get_by_role("button", name="Copy")).to_be_visible()
    if where == "Break the part":
        expect(page.get_by_text("after", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("after", exact=True)).to_be_visible()
    expect(page.get_by_text(TITLE)).to_have_count(0)


def test_an_expected_error_is_one_sentence(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Miss a run").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no run x.")
    expect(page.get_by_text(TITLE)).to_have_count(0)
