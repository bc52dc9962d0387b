"""The Compare and Runs pages in a real browser, on two small finished runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import tiny

from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
RERUN_MS = 60_000
# An address below a page's own is asked for first and missing; Streamlit then asks at the root.
NOT_OURS = "404 (Not Found)"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> RunManager:
    """A finished gan-simple, gan-lab and wgan-lab."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    for preset in ("gan-simple", "gan-lab", "wgan-lab"):
        train(manager, preset)
    manager.shutdown()
    return manager


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: RunManager) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs.root)})


def train(manager: RunManager, preset: str) -> str:
    run = manager.start(tiny(preset, plan="8it"))
    assert run.wait(RUN_S)
    return run.id


def ids(runs: RunManager) -> dict[str, str]:
    """Preset -> run id."""
    return {run.config.preset: run.id for run in runs.runs()}


def open_page(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}/{path}")
    expect(page.locator(".main-svg").first).to_be_visible(timeout=RERUN_MS)
    settle(page)


def settle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=RERUN_MS)


def chart(page: Page, quantity: str) -> Locator:
    return page.locator(f'[data-testid="live-chart"][data-key="compare-{quantity}"]')


def drawn(chart: Locator) -> dict[str, str]:
    """Name -> colour of the lines in a chart's legend."""
    expect(chart.locator(".main-svg").first).to_be_visible(timeout=RERUN_MS)
    found: dict[str, str] = chart.evaluate(
        """el => Object.fromEntries(el.querySelector('.js-plotly-plot')._fullData
            .filter(t => t.showlegend !== false && t.y.some(Number.isFinite)).map(t => [t.name, t.line.color]))"""
    )
    return found


def mark_colors(page: Page) -> dict[str, str]:
    """Name -> colour of the marks over the galleries."""
    found: dict[str, str] = page.locator(".run-mark").evaluate_all(
        "marks => Object.fromEntries(marks.map(m => [m.innerText.trim(), m.style.getPropertyValue('--run-color')]))"
    )
    return found


def pictures(page: Page) -> list[str | None]:
    return [image.get_attribute("src") for image in page.locator(".st-key-compare-galleries img").all()]


def test_two_runs_side_by_side(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    one, two = ids(runs)["gan-simple"], ids(runs)["gan-lab"]
    open_page(page, address, f"compare?runs={one}&runs={two}")
    for run_id in (one, two):
        expect(page.get_by_text(run_id)).to_be_visible()
    losses = drawn(chart(page, "generator_loss"))
    assert set(losses) == {"gan-simple", "gan-lab"}
    assert losses == drawn(chart(page, "d_fake")) == mark_colors(page)
    expect(chart(page, "critic_loss")).to_have_count(0)

    images = page.locator(".st-key-compare-galleries img")
    expect(images).to_have_count(2)
    trained = pictures(page)
    assert None not in trained
    page.get_by_text("0 %", exact=True).click()
    for index, source in enumerate(trained):
        expect(images.nth(index)).not_to_have_attribute("src", source or "", timeout=RERUN_MS)
    expect(page.get_by_text("0 % · iteration 0")).to_have_count(2)
    page.get_by_text("50 %", exact=True).click()
    expect(page.get_by_text("50 % · iteration 4")).to_have_count(2, timeout=RERUN_MS)

    draws = chart(page, "generator_loss").get_attribute("data-draws")
    page.wait_for_timeout(2500)
    assert chart(page, "generator_loss").get_attribute("data-draws") == draws, "finished runs are polled"
    assert chart(page, "generator_loss").get_attribute("data-mounts") == "1"
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_choosing_another_run_keeps_colours_and_url(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    one, two, critic = (ids(runs)[preset] for preset in ("gan-simple", "gan-lab", "wgan-lab"))
    open_page(page, address, f"compare?runs={one}&runs={two}")
    before = mark_colors(page)
    page.get_by_role("combobox", name="Runs").fill("wgan")
    page.get_by_role("option", name=critic).click()
    expect(page.locator(".run-mark")).to_have_count(3, timeout=RERUN_MS)
    settle(page)
    assert before.items() <= mark_colors(page).items()
    assert set(drawn(chart(page, "critic_loss"))) == {"wgan-lab"}
    assert set(drawn(chart(page, "discriminator_loss"))) == {"gan-simple", "gan-lab"}
    expect(page.get_by_text("on another scale").first).to_be_visible()
    expect(page).to_have_url(f"{address}/compare?runs={one}&runs={two}&runs={critic}")
    page.get_by_label(f"Remove {one}").first.click()
    expect(page.locator(".run-mark")).to_have_count(2, timeout=RERUN_MS)
    assert mark_colors(page)["gan-lab"] == before["gan-lab"]


def test_galleries_wrap_on_a_phone(page: Page, address: str, runs: RunManager) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, address, "compare?" + "&".join(f"runs={run_id}" for run_id in ids(runs).values()))
    expect(page.locator(".st-key-compare-galleries img")).to_have_count(3)
    tops = [
        box["y"] for image in page.locator(".st-key-compare-galleries img").all() if (box := image.bounding_box())
    ]
    assert len(set(tops)) == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_run_is_chosen_exported_and_deleted(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    manager = RunManager(runs.root)
    one = train(manager, "gan-deep")
    manager.shutdown()
    newest = next(run.id for run in runs.runs() if run.id != one)
    open_page(page, address, f"runs?run={one}")
    details = page.locator(f".st-key-card-{one}")
    expect(details).to_be_visible()

    with page.expect_download() as download:
        page.locator(".st-key-downloads").get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == f"{one}.csv"
    rows = download.value.path().read_text().splitlines()
    assert rows[0].startswith("iteration,epoch,")
    assert len(rows) == 9
    settle(page)

    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_text("There is no way back.")).to_be_visible()
    assert (runs.root / one).is_dir()
    page.get_by_role("button", name="Delete for good").click()
    expect(details).to_have_count(0, timeout=RERUN_MS)
    expect(page).to_have_url(re.compile(f"run={newest}"), timeout=RERUN_MS)
    assert not (runs.root / one).exists()
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_a_click_in_the_table_chooses_the_run(page: Page, address: str, runs: RunManager) -> None:
    newest_first = [run.id for run in runs.runs()]
    before, wanted = ids(runs)["gan-lab"], ids(runs)["gan-simple"]
    open_page(page, address, f"runs?run={before}")
    table = page.get_by_test_id("stDataFrame").locator("canvas").first.bounding_box()
    assert table is not None
    page.mouse.click(table["x"] + 16, table["y"] + 37 + 35 * (newest_first.index(wanted) + 0.5))
    expect(page.locator(f".st-key-card-{wanted}")).to_be_visible(timeout=RERUN_MS)
    expect(page).to_have_url(f"{address}/runs?run={wanted}")
