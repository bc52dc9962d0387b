"""The live chart in a real browser: it grows in place, and what the reader did to it survives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).parent / "pages" / "live_chart_page.py"
REFRESHES = 8


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    # Beside the dashboard's configuration, so that the page wears its theme.
    return serve(PAGE, cwd=ROOT / "dashboard")


def chart(page: Page, key: str = "losses") -> Locator:
    return page.locator(f'[data-testid="live-chart"][data-key="{key}"]')


def open_page(page: Page, address: str) -> Locator:
    page.goto(address)
    losses = chart(page)
    expect(losses.locator(".main-svg").first).to_be_visible()
    wait_for_draws(losses, 2)
    return losses


def wait_for_draws(losses: Locator, more: int) -> None:
    """Until the chart was redrawn `more` times from now on."""
    now = int(losses.get_attribute("data-draws") or 0)
    losses.page.wait_for_function(
        "([key, n]) => +document.querySelector(`[data-testid=live-chart][data-key=${key}]`).dataset.draws >= n",
        arg=[losses.get_attribute("data-key"), now + more],
    )


def graph(losses: Locator, expression: str) -> Any:
    """Value of a JavaScript expression of `g`, the Plotly graph."""
    return losses.evaluate(f"el => {{ const g = el.querySelector('.js-plotly-plot'); return {expression}; }}")


def wait_for_graph(losses: Locator, condition: str) -> None:
    losses.page.wait_for_function(
        f"""key => {{
            const g = document.querySelector(`[data-testid=live-chart][data-key=${{key}}] .js-plotly-plot`);
            return {condition};
        }}""",
        arg=losses.get_attribute("data-key"),
    )


def zoom(losses: Locator) -> list[float]:
    """Drag from 30 % to 60 % of the upper panel's width; returns the range of x that results."""
    panel = losses.locator(".nsewdrag").first.bounding_box()
    assert panel is not None
    mouse = losses.page.mouse
    mouse.move(panel["x"] + 0.3 * panel["width"], panel["y"] + 0.2 * panel["height"])
    mouse.down()
    mouse.move(panel["x"] + 0.6 * panel["width"], panel["y"] + 0.8 * panel["height"], steps=8)
    mouse.up()
    wait_for_graph(losses, "g._fullLayout.xaxis.autorange === false")
    found: list[float] = graph(losses, "[...g._fullLayout.xaxis.range]")
    return found


def height(losses: Locator) -> int:
    box = losses.bounding_box()
    assert box is not None
    return round(box["height"])


def visibility(losses: Locator) -> dict[str, Any]:
    found: dict[str, Any] = graph(losses, "Object.fromEntries(g._fullData.map(t => [t.uid, t.visible]))")
    return found


def test_one_graph_grows_without_a_remount(watched: Any, address: str) -> None:
    losses = open_page(watched.page, address)
    graph(losses, "(g.isTheFirst = true)")
    before = int(losses.get_attribute("data-points") or 0)
    heights = {height(losses)}
    for _ in range(REFRESHES):
        wait_for_draws(losses, 1)
        heights.add(height(losses))
    assert losses.get_attribute("data-mounts") == "1"
    assert graph(losses, "g.isTheFirst === true")
    assert int(losses.get_attribute("data-points") or 0) > before
    assert heights == {420}
    assert graph(losses, "Math.max(...g._fullData.map(t => t._length))") <= 1000
    assert watched.errors == []


def test_zoom_survives_refreshes_until_a_double_click(page: Page, address: str) -> None:
    losses = open_page(page, address)
    zoomed = zoom(losses)
    assert 0 < zoomed[0] < zoomed[1]
    wait_for_draws(losses, REFRESHES)
    assert graph(losses, "[...g._fullLayout.xaxis.range]") == zoomed
    losses.locator(".nsewdrag").first.dblclick()
    wait_for_graph(losses, "g._fullLayout.xaxis.autorange === true")
    wait_for_draws(losses, 2)
    assert graph(losses, "g._fullLayout.xaxis.range[1]") > zoomed[1]


def test_a_hidden_trace_stays_hidden(page: Page, address: str) -> None:
    losses = open_page(page, address)
    losses.locator(".legendtoggle").nth(1).click()
    wait_for_graph(losses, "g._fullData[1].visible === 'legendonly'")
    wait_for_draws(losses, REFRESHES)
    assert visibility(losses) == {
        "0//generator loss": True,
        "0//discriminator loss": "legendonly",
        "1//D(x)": True,
        "1//D(G(z))": True,
    }


def test_smoothing_does_not_bring_a_hidden_trace_back(page: Page, address: str) -> None:
    losses = open_page(page, address)
    losses.locator(".legendtoggle").nth(1).click()
    wait_for_graph(losses, "g._fullData[1].visible === 'legendonly'")
    page.get_by_role("slider").press("End")
    wait_for_graph(losses, "g._fullData.length === 8")
    wait_for_draws(losses, 2)
    shown = visibility(losses)
    assert shown["0//discriminator loss"] == shown["0//discriminator loss/raw"] == "legendonly"
    assert shown["0//generator loss"] is shown["0//generator loss/raw"] is True
    assert losses.get_attribute("data-mounts") == "1"


def test_a_legend_group_is_hidden_as_one(page: Page, address: str) -> None:
    open_page(page, address)
    comparison = chart(page, "comparison")
    comparison.locator(".legendtoggle").first.click()
    wait_for_graph(comparison, "g._fullData[0].visible === 'legendonly'")
    wait_for_draws(comparison, 2)
    hidden = {uid for uid, visible in visibility(comparison).items() if visible == "legendonly"}
    assert hidden == {f"0/dcgan/dcgan · {who}{kind}" for who in "GD" for kind in ("", "/raw")}


def test_an_element_above_neither_remounts_nor_unzooms(page: Page, address: str) -> None:
    losses = open_page(page, address)
    zoomed = zoom(losses)
    page.get_by_text("Banner").click()
    expect(page.get_by_text("An element above the charts.")).to_be_visible()
    wait_for_draws(losses, 2)
    assert losses.get_attribute("data-mounts") == "1"
    assert graph(losses, "[...g._fullLayout.xaxis.range]") == zoomed


def test_the_theme_is_followed_while_it_runs(page: Page, address: str) -> None:
    losses = open_page(page, address)
    light = graph(losses, "g._fullLayout.font.color")
    page.emulate_media(color_scheme="dark")
    wait_for_graph(losses, f"g._fullLayout.font.color !== '{light}'")
    assert (light, graph(losses, "g._fullLayout.font.color")) == ("#1d2233", "#e7e9f2")
    assert losses.get_attribute("data-mounts") == "1"


def test_without_rows_it_says_what_it_waits_for(page: Page, address: str) -> None:
    open_page(page, address)
    empty = chart(page, "empty")
    expect(empty.get_by_text("waiting for the first iteration")).to_be_visible()
    expect(empty.get_by_text("FID", exact=True)).to_be_visible()
    assert empty.get_attribute("data-points") == "0"


def test_it_fits_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    losses = open_page(page, address)
    assert graph(losses, "g._fullLayout.width") < 390
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    legend = losses.locator(".legend").bounding_box()
    panel = losses.locator(".nsewdrag").first.bounding_box()
    assert legend is not None
    assert panel is not None
    assert legend["y"] + legend["height"] <= panel["y"]


def test_it_works_under_a_base_path_and_is_cached(page: Page, serve: Callable[..., str]) -> None:
    address = serve(PAGE, cwd=ROOT / "dashboard", base_path="lab/gans")
    with page.expect_response("**/vendor/plotly.min.js*") as found:
        open_page(page, address)
    assert found.value.url.startswith(f"{address}/vendor/")
    assert "max-age=31536000" in found.value.headers["cache-control"]
