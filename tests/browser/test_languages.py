"""The dashboard in Chinese: for a Chinese browser, by the button, by a link, and kept from one visit to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tiny_runs import tiny
from train_page import SETTLED, card_of, choose_option, enter, field, run_id_of, settle, wait_for_rows

from gancore.runs import RunManager

PAGES = {"": "开始", "compare": "不同之处", "plane": "数据", "ranking": "排名依据"}
"""Address -> what its page says."""
SENTENCE = re.compile(r"[A-Za-z][a-z]+,?(?: [A-Za-z]+,?){2,}")
"""Three words in a row; names are shorter."""
TEXTS = """() => {
    const read = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        if (!parent.closest("script, style, [data-testid=stDataFrame]") && parent.checkVisibility())
            read.push(walker.currentNode.textContent);
    }
    return read;
}"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs that have ended, whose losses are of different kinds."""
    folder = tmp_path_factory.mktemp("runs")
    manager = RunManager(folder)
    assert all(run.wait(60) for run in [manager.start(tiny(name, plan="12it")) for name in ("gan-lab", "wgan-lab")])
    manager.shutdown()
    return folder


@pytest.fixture(autouse=True)
def forgotten(context: BrowserContext) -> Iterator[None]:
    """Visitors of the other tests had their own browsers."""
    context.clear_cookies()
    yield
    context.clear_cookies()


@pytest.fixture
def chinese(page: Page) -> Page:
    """A page of a browser whose language is Chinese."""
    agent = page.evaluate("navigator.userAgent")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": "zh-CN"})
    return page


def open_page(page: Page, address: str, path: str = "") -> None:
    page.goto(f"{address}/{path}")
    expect(switch(page)).to_be_visible()
    settle(page)


def switch(page: Page) -> Locator:
    """The button, which is named after the other language."""
    return page.locator(".st-key-language button")


def press_switch(page: Page) -> None:
    before = switch(page).inner_text()
    switch(page).click()
    expect(switch(page)).not_to_have_text(before)
    settle(page)


def expect_language(page: Page, code: str) -> None:
    """Wait until the page is in a language, and says so to what reads it aloud."""
    names = {"en": "简体中文", "zh-CN": "English"}
    expect(switch(page)).to_have_text(names[code])
    expect(page.locator("html")).to_have_attribute("lang", code)


@pytest.mark.parametrize("path", PAGES)
def test_a_chinese_browser_sees_a_chinese_page(chinese: Page, address: str, path: str) -> None:
    open_page(chinese, address, path)
    expect_language(chinese, "zh-CN")
    expect(chinese.get_by_test_id("stMain").get_by_text(PAGES[path], exact=True).first).to_be_visible()
    chinese.locator(SETTLED).wait_for()
    left = [found[0] for text in chinese.evaluate(TEXTS) if (found := SENTENCE.search(text))]
    assert not left


def test_the_button_changes_the_words_alone(page: Page, address: str, runs: Path) -> None:
    chosen = sorted(path.parent.name for path in runs.glob("*/status.json"))
    open_page(page, address, f"compare?{'&'.join(f'runs={run}' for run in chosen)}")
    expect_language(page, "en")
    choose_option(page, "Horizontal axis", "Images seen")
    page.get_by_test_id("stButtonGroup").get_by_text("Gradients", exact=True).click()
    enter(field(page, "z from seed"), "7")
    charts = page.get_by_test_id("curve-panel").count()
    press_switch(page)
    expect_language(page, "zh-CN")
    expect(page.get_by_role("combobox", name="横轴")).to_have_value("已见图像数")
    expect(field(page, "z 的种子")).to_have_value("7")
    expect(page.get_by_test_id("curve-panel")).to_have_count(charts)
    expect(page).to_have_url(re.compile(r"x=Images(\+|%20)seen"))
    assert "charts=Gradients" in page.url
    for run in chosen:
        assert f"runs={run}" in page.url
        expect(page.get_by_test_id("stMultiSelect").get_by_text(run, exact=True)).to_be_visible()
    press_switch(page)
    expect(page.get_by_role("combobox", name="Horizontal axis")).to_have_value("Images seen")


def test_the_choice_is_kept_for_the_next_visit(page: Page, address: str, context: BrowserContext) -> None:
    open_page(page, address)
    expect_language(page, "en")
    press_switch(page)
    expect_language(page, "zh-CN")
    page.get_by_role("link", name="平面").click()
    expect(page.get_by_test_id("stMain").get_by_text("计划长度")).to_be_visible()
    next_visit = context.new_page()
    open_page(next_visit, address)
    expect_language(next_visit, "zh-CN")
    next_visit.close()


def test_a_link_may_name_its_language(page: Page, address: str) -> None:
    open_page(page, address, "?lang=zh-CN")
    expect_language(page, "zh-CN")
    press_switch(page)
    expect_language(page, "en")
    page.reload()
    expect_language(page, "en")


def test_a_run_is_started_and_watched_in_chinese(chinese: Page, address: str) -> None:
    open_page(chinese, address)
    form = chinese.locator(".st-key-new-run")
    for preset in ("gan-lab", "quick"):
        form.get_by_role("button", name=preset, exact=True).click()
    settle(chinese)
    choose_option(chinese, "预算", "生成器更新次数")
    enter(field(chinese, "数量"), "4000")
    before = {run_id_of(card) for card in chinese.locator('[class*="st-key-card-"]').all()}
    form.get_by_role("button", name="开始", exact=True).click()
    chinese.get_by_text("训练中").first.wait_for()
    new = next(card for card in chinese.locator('[class*="st-key-card-"]').all() if run_id_of(card) not in before)
    card = card_of(chinese, run_id_of(new))
    expect(card.get_by_text(re.compile(r"\d+ %（计划 .*） · 迭代 [\d,]+"))).to_be_visible()
    wait_for_rows(card, 5)
    # A live card is drawn anew twice a second, and speaks the same language every time.
    press_switch(chinese)
    expect(card.get_by_role("heading", name=re.compile("running"))).to_be_visible()
    expect(card.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    press_switch(chinese)
    card.get_by_role("button", name="停止", exact=True).click()
    expect(card.get_by_text("已停止")).to_be_visible()
