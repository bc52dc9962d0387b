"""The Compare page in a real browser, on small finished runs, one branch and one run that trains."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Locator, Page, expect
from tiny_runs import tiny

from gancore.run import Run
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
RERUN_MS = 60_000
ITERATIONS, LATER = 24, 36
# An address below a page's own is asked for first and missing; Streamlit then asks at the root.
NOT_OURS = "404 (Not Found)"
WIDTHS = pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
Drawn = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunManager]:
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    yield manager
    manager.shutdown()


@pytest.fixture(scope="module")
def runs(manager: RunManager) -> dict[str, Run]:
    """Name on the page -> run; the branch leaves the first one before its end."""
    plan = f"{ITERATIONS}it"
    found = {
        "gan-lab · seed 1": manager.start(tiny("gan-lab", plan=plan, seed=1)),
        "gan-lab · seed 2": manager.start(tiny("gan-lab", plan=plan, seed=2)),
        "wgan-lab": manager.start(tiny("wgan-lab", plan=plan, seed=1)),
    }
    assert all(run.wait(RUN_S) for run in found.values())
    parent = found["gan-lab · seed 1"]
    place = next(point.iteration for point in parent.branch_points() if point.iteration)
    branch = manager.branch(parent.id, place, plan=f"{LATER}it", learning_rate=1e-3)
    assert branch.wait(RUN_S)
    return {**found, "branch": branch}


ONE, TWO, CRITIC = "gan-lab · seed 1", "gan-lab · seed 2", "wgan-lab"


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], manager: RunManager) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(manager.root)})


def open_compare(page: Page, address: str, chosen: list[Run], width: int = 1280, **options: Any) -> Locator:
    """The board, once all is drawn."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/compare?{urlencode({'runs': [run.id for run in chosen], **options}, doseq=True)}")
    return drawn_board(page)


def drawn_board(page: Page) -> Locator:
    board = page.get_by_test_id("curve-board")
    expect(board.locator(".main-svg").first).to_be_visible(timeout=RERUN_MS)
    page.wait_for_function("() => +document.querySelector('[data-testid=curve-panel]').dataset.rows > 0")
    expect(page.get_by_test_id("gallery-wall")).to_be_visible(timeout=RERUN_MS)
    settle(page)
    return board


def settle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=RERUN_MS)


def panel(board: Locator, key: str) -> Locator:
    return board.locator(f'[data-panel="{key}"]')


def lines(chart: Locator) -> Drawn:
    """Name -> what is drawn of it; what lies faintly behind it is left out."""
    chart.scroll_into_view_if_needed()
    expect(chart.locator(".main-svg").first).to_be_visible()
    found: Drawn = chart.evaluate(
        """el => Object.fromEntries(el.querySelector('.js-plotly-plot').data.filter(t => t.showlegend)
            .map(t => [t.name, { x: t.x, y: t.y, color: t.line.color }]))"""
    )
    return found


def wait_for(page: Page, key: str, condition: str) -> None:
    """Until an expression of `g`, the Plotly graph of a chart that is in sight, is true."""
    page.locator(f'[data-panel="{key}"]').scroll_into_view_if_needed()
    page.wait_for_function(
        f"""() => {{
            const g = document.querySelector('[data-panel="{key}"] .js-plotly-plot');
            return {condition};
        }}""",
        timeout=RERUN_MS,
    )


def toggle(page: Page, label: str) -> None:
    page.get_by_test_id("stCheckbox").filter(has_text=label).locator("label").click()
    settle(page)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def legend(board: Locator) -> dict[str, str]:
    """Name -> colour of its piece of line."""
    found: dict[str, str] = board.locator(".cb-legend .cb-chip").evaluate_all(
        "all => Object.fromEntries(all.map(c => [c.textContent, c.querySelector('line').getAttribute('stroke')]))"
    )
    return found


def wall_colors(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.locator(".wall-column").evaluate_all(
        "all => Object.fromEntries(all.map(c => [c.querySelector('.wall-name').innerText,"
        " c.style.getPropertyValue('--run-color')]))"
    )
    return found


def pixels(picture: bytes, color: str) -> int:
    """How many of a screenshot have very nearly this colour."""
    wanted = ImageColor.getrgb(color)
    shades = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    return int((abs(shades - wanted).max(axis=2) < 12).sum())


@WIDTHS
def test_runs_over_one_another_with_one_legend(watched: Any, address: str, runs: dict[str, Run], width: int) -> None:
    page: Page = watched.page
    chosen = [runs[name] for name in (ONE, TWO, CRITIC)]
    board = open_compare(page, address, chosen, width)
    shown = legend(board)
    assert list(shown) == [ONE, TWO, CRITIC]
    expect(board.locator(".cb-lines .cb-chip")).to_have_count(0)
    assert {name: line["color"] for name, line in lines(panel(board, "generator_loss")).items()} == shown
    assert set(lines(panel(board, "discriminator_loss"))) == {ONE, TWO}
    assert set(lines(panel(board, "critic_loss"))) == {CRITIC}
    expect(panel(board, "critic_loss").get_by_text("have no bounds")).to_be_visible()
    assert set(lines(panel(board, "d_real"))) == {ONE, TWO}
    assert set(lines(panel(board, "d_accuracy"))) == {ONE, TWO, CRITIC}
    board.locator(".cb-legend .cb-chip").filter(has_text=TWO).click()
    wait_for(page, "d_accuracy", "g.data.every(t => t.name !== 'gan-lab · seed 2')")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [error for error in watched.errors if NOT_OURS not in error] == []


@pytest.mark.slow
def test_a_runs_colour_is_the_same_everywhere(page: Page, address: str, runs: dict[str, Run]) -> None:
    chosen = [runs[name] for name in (ONE, TWO, CRITIC)]
    shown = legend(open_compare(page, address, chosen))
    assert len(set(shown.values())) == 3
    assert wall_colors(page) == shown
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    expect(table.locator("canvas").first).to_be_visible()
    counts = [pixels(table.screenshot(), color) for color in shown.values()]
    assert min(counts) > 20, counts
    page.goto(address)
    for name in (TWO, CRITIC):
        card = page.locator(f".st-key-card-{runs[name].id}")
        expect(card).to_be_visible(timeout=RERUN_MS)
        strokes = card.locator(".run-line").first.evaluate("el => el.outerHTML")
        assert shown[name] in strokes


@pytest.mark.slow
def test_every_axis(page: Page, address: str, runs: dict[str, Run]) -> None:
    board = open_compare(page, address, [runs[ONE], runs[CRITIC]])
    chart = panel(board, "generator_loss")
    history = runs[CRITIC].history()
    expected = {
        "Epoch": history.column("epoch"),
        "Images seen": history.column("images_seen"),
        "Generator updates": history.column("iteration"),
        "Critic updates": 5 * history.column("iteration"),
        "Seconds": history.column("elapsed_s"),
        "Iteration": history.column("iteration"),
    }
    for title, values in expected.items():
        choose(page, "Horizontal axis", title)
        wait_for(page, "generator_loss", f"g._fullLayout.xaxis.title.text === '{title}'")
        assert lines(chart)[CRITIC]["x"] == pytest.approx(list(values)), title
        expect(chart).to_have_attribute("aria-label", f"Generator loss over {title}")


def test_the_controls_reach_all_charts(page: Page, address: str, runs: dict[str, Run]) -> None:
    board = open_compare(page, address, [runs[ONE], runs[TWO]], smoothing=0)
    chart = panel(board, "generator_loss")
    raw = runs[ONE].history().column("generator_loss")
    assert lines(chart)[ONE]["y"] == pytest.approx(list(raw), rel=1e-6)
    page.get_by_role("slider", name="Smoothing").press("End")
    wait_for(page, "generator_loss", "g.data.length === 4")
    assert lines(chart)[ONE]["y"][-1] == pytest.approx(raw.mean(), rel=0.05)
    toggle(page, "Log losses")
    wait_for(page, "discriminator_loss", "g._fullLayout.yaxis.type === 'log'")
    toggle(page, "Clip outliers")
    wait_for(page, "generator_loss", "g._fullLayout.yaxis.autorange === false")
    choose(page, "Baseline", ONE)
    wait_for(page, "generator_loss", "g.layout.annotations[0].text === 'gan-lab · seed 1'")
    assert set(lines(chart)[ONE]["y"]) == {0}
    assert any(lines(chart)[TWO]["y"])
    choose(page, "Baseline", "none")
    toggle(page, "Seeds as bands")
    wait_for(page, "generator_loss", "g.data.length === 2")
    assert set(lines(chart)) == {"gan-lab (2 seeds)"}
    page.get_by_role("button", name="Gradients", exact=True).click()
    expect(panel(board, "g_gradient")).to_be_visible()
    asked = parse_qs(urlsplit(page.url).query)
    assert {key: asked.get(key) for key in ("log", "clip", "bands", "baseline", "smoothing")} == {
        "log": ["true"],
        "clip": ["true"],
        "bands": ["true"],
        "baseline": None,
        "smoothing": ["0.99"],
    }
    assert board.get_attribute("data-mounts") == "1"
    page.go_back()
    expect(panel(board, "g_gradient")).to_have_count(0)
    assert parse_qs(urlsplit(page.url).query) == {key: value for key, value in asked.items() if key != "charts"}
    page.go_back()
    wait_for(page, "generator_loss", "g.data.length === 4")
    assert "bands" not in parse_qs(urlsplit(page.url).query)


def save(page: Page, chart: Locator, kind: str) -> tuple[str, bytes]:
    """What a chart's menu downloads: its name and content."""
    chart.scroll_into_view_if_needed()
    chart.locator(".cb-menu summary").click()
    with page.expect_download() as download:
        chart.get_by_role("button", name=kind, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


@WIDTHS
def test_a_chart_is_downloaded_as_it_is_drawn(watched: Any, address: str, runs: dict[str, Run], width: int) -> None:
    page: Page = watched.page
    board = open_compare(page, address, [runs[ONE], runs[CRITIC]], width, smoothing=0, x="Epoch")
    chart = panel(board, "generator_loss")
    drawn = lines(chart)
    name, table = save(page, chart, "CSV")
    rows = list(csv.reader(io.StringIO(table.decode())))
    assert name == "ganscope-generator_loss.csv"
    assert rows[0] == ["line", "epoch", "generator_loss"]
    assert [row[0] for row in rows[1:]] == ["gan-lab"] * ITERATIONS + ["wgan-lab"] * ITERATIONS
    found = [float(row[2]) for row in rows[1:] if row[0] == "wgan-lab"]
    assert found == pytest.approx(drawn["wgan-lab"]["y"])
    name, picture = save(page, chart, "PNG")
    assert (name, Image.open(io.BytesIO(picture)).size) == ("ganscope-generator_loss.png", (1800, 960))
    name, drawing = save(page, chart, "SVG")
    root = ElementTree.fromstring(drawing)
    assert (name, root.tag) == ("ganscope-generator_loss.svg", "{http://www.w3.org/2000/svg}svg")
    assert {"gan-lab", "wgan-lab", "Generator loss"} <= {text.strip() for text in root.itertext()}
    name, document = save(page, chart, "PDF")
    assert (name, document[:4]) == ("ganscope-generator_loss.pdf", b"%PDF")
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_all_rows_of_all_runs_are_one_table(page: Page, address: str, runs: dict[str, Run]) -> None:
    board = open_compare(page, address, [runs[ONE], runs[CRITIC]])
    with page.expect_download() as download:
        board.get_by_role("link", name="All rows of these runs (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert download.value.suggested_filename == "ganscope-curves.csv"
    assert list(rows[0])[:5] == ["run", "iteration", "epoch", "images_seen", "elapsed_s"]
    assert {"generator_loss", "critic_loss", "d_real"} <= set(rows[0])
    assert [row["run"] for row in rows] == [runs[ONE].id] * ITERATIONS + [runs[CRITIC].id] * ITERATIONS
    last = runs[CRITIC].history().column("critic_loss")[-1]
    assert (rows[-1]["iteration"], float(rows[-1]["critic_loss"])) == (str(ITERATIONS), pytest.approx(last))
    assert (rows[0]["critic_loss"], rows[-1]["d_real"]) == ("", "")


def cells(table: Locator) -> list[str]:
    """Text of a table that is drawn on a canvas."""
    table.scroll_into_view_if_needed()
    expect(table.locator("canvas [role=gridcell]").first).to_be_attached()
    found: list[str] = table.locator("canvas [role=gridcell]").all_text_contents()
    return found


def test_what_differs_and_what_came_of_it(page: Page, address: str, runs: dict[str, Run]) -> None:
    open_compare(page, address, [runs[ONE], runs[TWO]])
    tables = page.get_by_test_id("stDataFrame")
    expect(tables).to_have_count(2)
    results, differences = tables.all()
    assert cells(results).count("finished") == 2
    assert cells(differences) == ["Seed", "1", "2"]
    page.get_by_text("Settings and results as parallel coordinates").click()
    plot = page.locator(".st-key-compare-coordinates")
    expect(plot.locator(".parcoords").first).to_be_visible()
    expect(plot.locator(".axis-title").filter(has_text=re.compile("^Seed$"))).to_be_visible()
    with page.expect_download() as download:
        page.locator(".st-key-coordinates-csv").get_by_role("button").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [(row["Run"], row["Seed"]) for row in rows] == [(ONE, "1"), (TWO, "2")]


def shown_state(page: Page) -> dict[str, Any]:
    """Everything a reader can set on the page, as it stands."""
    board, wall = page.get_by_test_id("curve-board"), page.get_by_test_id("gallery-wall")
    value = "el => el.value"
    return {
        "runs": list(legend(board)),
        "charts": board.get_by_test_id("curve-panel").evaluate_all("all => all.map(p => p.dataset.panel)"),
        "axis": page.get_by_role("combobox", name="Horizontal axis").evaluate(value),
        "baseline": page.get_by_role("combobox", name="Baseline").evaluate(value),
        "smoothing": page.get_by_role("slider", name="Smoothing").evaluate(
            "el => el.value ?? el.getAttribute('aria-valuenow')"
        ),
        "switches": page.get_by_role("main").get_by_role("switch").evaluate_all("all => all.map(s => s.checked)"),
        "z": page.get_by_role("spinbutton", name="z from seed").evaluate(value),
        "percent": wall.get_by_role("slider", name="Percent of the training").evaluate(value),
        "picked": wall.locator("[aria-pressed=true]").evaluate_all("all => all.map(t => t.ariaLabel)"),
        "story": page.locator(".st-key-image-story").count(),
    }


@WIDTHS
def test_the_address_restores_everything(page: Page, address: str, runs: dict[str, Run], width: int) -> None:
    board = open_compare(page, address, [runs[TWO], runs[ONE], runs[CRITIC]], width)
    first = shown_state(page)
    page.get_by_role("button", name="Quality", exact=True).click()
    page.get_by_role("button", name="Updates", exact=True).click()
    expect(panel(board, "g_update")).to_be_attached()
    choose(page, "Horizontal axis", "Images seen")
    page.get_by_role("slider", name="Smoothing").press("Home")
    settle(page)
    for label in ("Log losses", "Clip outliers", "Seeds as bands"):
        toggle(page, label)
    choose(page, "Baseline", TWO)
    field = page.get_by_role("spinbutton", name="z from seed")
    field.fill("7")
    field.press("Enter")
    settle(page)
    wall = page.get_by_test_id("gallery-wall")
    wall.get_by_role("slider", name="Percent of the training").press("ArrowLeft")
    wall.get_by_role("button", name=re.compile(r"^Sample 3\b.* of wgan-lab at 75 %")).click()
    expect(page.locator(".st-key-image-story .story-strip").first).to_be_visible(timeout=RERUN_MS)
    expect(page).to_have_url(re.compile("tile=.*wgan.*75"))
    settle(page)
    left = shown_state(page)
    assert [name for name in left if left[name] == first[name]] == ["runs"]
    assert left["z"] == "7"
    assert left["switches"] == [True, True, True]
    fresh = page.context.new_page()
    fresh.set_viewport_size({"width": width, "height": 900})
    fresh.goto(page.url)
    drawn_board(fresh)
    expect(fresh.locator(".st-key-image-story .story-strip").first).to_be_visible(timeout=RERUN_MS)
    settle(fresh)
    assert shown_state(fresh) == left
    assert lines(panel(fresh.get_by_test_id("curve-board"), "g_update")).keys() == {"gan-lab (2 seeds)", CRITIC}
    fresh.close()


def test_a_branch_is_a_fork_of_its_parents_curve(page: Page, address: str, runs: dict[str, Run]) -> None:
    parent, branch = runs[ONE], runs["branch"]
    left = branch.parent()
    assert left is not None
    assert 0 < left.iteration < LATER
    board = open_compare(page, address, [parent, branch])
    drawn = lines(panel(board, "generator_loss"))
    assert drawn["gan-lab · 24 iterations"]["x"][0] == 1
    assert drawn["gan-lab · 36 iterations"]["x"] == list(range(left.iteration, LATER + 1))
    board.locator(".cb-legend .cb-chip").first.click()
    wait_for(page, "generator_loss", "g.data.some(t => t.line.dash === 'dot')")
    shared = panel(board, "generator_loss").evaluate(
        "el => el.querySelector('.js-plotly-plot').data.find(t => t.line.dash === 'dot').x"
    )
    assert shared == list(range(1, left.iteration + 1))


@pytest.mark.slow
def test_a_run_that_trains_appears_grows_and_is_let_be(
    watched: Any, address: str, manager: RunManager, runs: dict[str, Run]
) -> None:
    page: Page = watched.page
    live = manager.start(tiny("gan-simple", plan="1000000it"))
    live.pace(40)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("data/curves") else None)
    # It is chosen by itself, as it is the newest; a run is that once it has trained a step and said so.
    page.wait_for_timeout(1500)
    page.goto(f"{address}/compare")
    board = drawn_board(page)
    chart = panel(board, "generator_loss")
    assert "gan-simple" in legend(board)
    before = len(lines(chart)["gan-simple"]["x"])
    wait_for(page, "generator_loss", f"g.data.find(t => t.name === 'gan-simple').x.length > {before + 40}")
    assert board.get_attribute("data-mounts") == "1"
    live.stop()
    assert live.wait(RUN_S)
    rows = len(live.history())
    wait_for(page, "generator_loss", f"g.data.find(t => t.name === 'gan-simple').x.length === {rows}")
    page.wait_for_timeout(3000)
    settle(page)
    count = len(asked)
    page.wait_for_timeout(3000)
    assert len(asked) == count, "the page asks on although nothing trains"
    assert [error for error in watched.errors if NOT_OURS not in error] == []
