"""The board of curves in a real browser: it grows in place, keeps what the reader did to it, and draws what is so.

Its runs are written by the tests, so that every number drawn is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from test_curve_maths import tensorboard

from gancore.checkpoint import RunFolder
from gancore.history import HISTORY_FILE, POSITION, History, HistoryWriter, write_history
from gancore.recipes import configure
from gancore.status import Parent, RunState, Status

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).parent / "pages" / "curve_board_page.py"
BASE_PATH = "lab/gans"
COLUMNS = ("generator_loss", "discriminator_loss", "d_real", "d_fake")
ONE, THRICE, SPIKED, BRANCH, EMPTY, NEGATIVE, GROWING, LONG = range(1, 9)
"""Seeds, by which the page knows the runs."""
SPIKES = {1234: 50.0, 4321: -40.0}
LEFT_AT = 10
BY_HAND = 0.6
Rows = np.ndarray


def rows_of(iterations: Rows, generator_loss: Rows, discriminator_loss: Rows | None = None) -> Rows:
    """Ten iterations an epoch, sixteen images each, fifty a second; D's loss is 100 less them unless given."""
    position = [iterations, iterations / 10, iterations * 16, iterations / 50]
    other = 100 - iterations if discriminator_loss is None else discriminator_loss
    half = np.full(len(iterations), 0.5)
    return np.column_stack([*position, generator_loss, other, half, half])


class Growing:
    """A run's log on disk to which rows are added, as training does; G's loss is always 1 / (1 + iteration)."""

    def __init__(self, folder: RunFolder, rows: int) -> None:
        self._history = History([*POSITION, *COLUMNS])
        self._writer = HistoryWriter(self._history, folder.path / HISTORY_FILE)
        self.grow(rows)

    def grow(self, rows: int) -> int:
        """Returns how many rows there are then."""
        iterations = len(self._history) + np.arange(1.0, rows + 1)
        self._history.append(rows_of(iterations, 1 / (1 + iterations)))
        self._writer.flush()
        return len(self._history)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the runs whose logs never change."""
    root: Path = tmp_path_factory.mktemp("runs")
    few, many = np.arange(1.0, 21), np.arange(1.0, 5001)
    noise = np.random.default_rng(7).uniform(1, 2, len(many))
    for iteration, value in SPIKES.items():
        noise[iteration - 1] = value
    stored = {
        ONE: rows_of(few, few),
        THRICE: rows_of(few[1::2], 3 * few[1::2]),
        SPIKED: rows_of(many, noise, many / 100),
        BRANCH: rows_of(few, np.where(few <= LEFT_AT, few, 50.0)),
        EMPTY: np.empty((0, len(POSITION) + len(COLUMNS))),
        NEGATIVE: rows_of(few, -few),
    }
    ids = {}
    for seed, rows in stored.items():
        ids[seed] = make(root, seed).id
        history = History([*POSITION, *COLUMNS])
        history.append(rows)
        write_history(history, root / ids[seed] / HISTORY_FILE)
    RunFolder(root / ids[BRANCH]).write_parent(Parent(run=ids[ONE], iteration=LEFT_AT, percent=50))
    return root


def make(root: Path, seed: int) -> RunFolder:
    folder = RunFolder.create(root, configure("gan-lab", seed=seed))
    folder.write_status(Status(state=RunState.FINISHED))
    return folder


@pytest.fixture(scope="module")
def growing(runs: Path) -> Growing:
    return Growing(make(runs, GROWING), 200)


@pytest.fixture(scope="module")
def long(runs: Path) -> Growing:
    return Growing(make(runs, LONG), 1500)


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: Path) -> str:
    # Beside the dashboard's configuration, so that the page wears its theme; everything below a base path.
    return serve(PAGE, cwd=ROOT / "dashboard", env={"GANSCOPE_RUNS": str(runs)}, base_path=BASE_PATH)


def open_board(page: Page, address: str, *seeds: int, also: tuple[str, ...] = (), **options: Any) -> Locator:
    """The board of these runs, once its first chart has been drawn with what there is."""
    page.goto(f"{address}/?{urlencode({'run': seeds, 'with': also, **options}, doseq=True)}")
    board = page.get_by_test_id("curve-board")
    expect(board.locator(".main-svg").first).to_be_visible()
    if seeds != (EMPTY,):
        page.wait_for_function("() => +document.querySelector('[data-testid=curve-panel]').dataset.rows > 0")
    return board


def panel(board: Locator, key: str) -> Locator:
    return board.locator(f'[data-panel="{key}"]')


def graph(chart: Locator, expression: str) -> Any:
    """Value of a JavaScript expression of `g`, the Plotly graph."""
    return chart.evaluate(f"el => {{ const g = el.querySelector('.js-plotly-plot'); return {expression}; }}")


def wait_for(chart: Locator, condition: str) -> None:
    """Until an expression of `g`, the Plotly graph, is true."""
    key = chart.get_attribute("data-panel")
    chart.page.wait_for_function(
        f"""() => {{
            const g = document.querySelector('[data-panel="{key}"] .js-plotly-plot');
            return {condition};
        }}"""
    )


def wait_for_draws(chart: Locator, more: int) -> None:
    """Until the chart was redrawn so many times from now on."""
    now = int(chart.get_attribute("data-draws") or 0)
    wait_for(chart, f"+g.closest('[data-draws]').dataset.draws >= {now + more}")


def wait_for_rows(chart: Locator, rows: int) -> None:
    expect(chart).to_have_attribute("data-rows", str(rows))


def traces(chart: Locator) -> dict[str, dict[str, Any]]:
    """What is drawn, by its name; what accompanies it has ``-raw``, ``-band`` or ``-shared`` behind that."""
    found = graph(
        chart,
        """g.data.map(t => {
            const name = t.uid.replace(/_([0-9a-f]+)_/g, (_, code) => String.fromCodePoint(parseInt(code, 16)));
            return [name.replace(/^[^/]*[/]/, ''), { x: t.x, y: t.y, opacity: t.opacity ?? 1, dash: t.line.dash }];
        })""",
    )
    return dict(found)


def x_range(chart: Locator) -> list[float]:
    found: list[float] = graph(chart, "g._fullLayout.xaxis.range.map(Number)")
    return found


def drag(chart: Locator, start: float = 0.3, end: float = 0.6) -> None:
    """Over so much of the chart's width."""
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    mouse, middle = chart.page.mouse, box["y"] + 0.5 * box["height"]
    mouse.move(box["x"] + start * box["width"], middle)
    mouse.down()
    mouse.move(box["x"] + end * box["width"], middle, steps=8)
    mouse.up()


def zoom(chart: Locator, start: float = 0.3, end: float = 0.6) -> list[float]:
    """Zoom by the mouse; returns the range of x that results."""
    drag(chart, start, end)
    expect(chart.get_by_role("button", name="Reset zoom")).to_be_visible()
    return x_range(chart)


def chip(board: Locator, name: str) -> Locator:
    return board.locator(".cb-chip").get_by_text(name, exact=True).first


def test_charts_grow_without_a_remount(watched: Any, address: str, growing: Growing) -> None:
    board = open_board(watched.page, address, GROWING, also=("live",))
    losses = panel(board, "losses")
    graph(losses, "(g.isTheFirst = true)")
    heights = set()
    for _ in range(4):
        rows = growing.grow(30)
        wait_for_rows(losses, rows)
        heights.add(board.evaluate("el => el.offsetHeight"))
    drawn = traces(losses)["G"]
    assert drawn["x"] == list(range(1, rows + 1))
    np.testing.assert_allclose(drawn["y"], 1 / (1 + np.arange(1.0, rows + 1)), rtol=1e-6)
    assert graph(losses, "g.isTheFirst === true")
    assert board.get_attribute("data-mounts") == "1"
    assert len(heights) == 1
    assert watched.errors == []


def test_a_board_that_is_not_live_asks_once(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "data/curves" in request.url else None)
    losses = panel(open_board(page, address, ONE), "losses")
    wait_for_rows(losses, 20)
    before, draws = len(asked), losses.get_attribute("data-draws")
    page.wait_for_timeout(2500)
    assert (len(asked), losses.get_attribute("data-draws")) == (before, draws)
    assert asked[0] == f"{address}/data/curves"


def test_zoom_is_shared_and_survives_refreshes_and_reruns(page: Page, address: str, growing: Growing) -> None:
    board = open_board(page, address, GROWING, also=("live",))
    losses, scores = panel(board, "losses"), panel(board, "scores")
    zoomed = zoom(losses)
    assert 1 < zoomed[0] < zoomed[1] < 200
    wait_for(scores, "g._fullLayout.xaxis.autorange === false")
    assert x_range(scores) == pytest.approx(zoomed)
    page.locator("label").filter(has_text="Banner").click()
    expect(page.get_by_text("An element above the charts.")).to_be_visible()
    rows = growing.grow(20)
    wait_for_rows(losses, rows)
    assert x_range(losses) == pytest.approx(zoomed)
    assert board.get_attribute("data-mounts") == "1"
    losses.locator(".nsewdrag").first.dblclick()
    wait_for(losses, f"g._fullLayout.xaxis.range[1] >= {rows}")
    wait_for(scores, f"g._fullLayout.xaxis.range[1] >= {rows}")
    expect(losses.get_by_role("button", name="Reset zoom")).to_be_hidden()
    zoom(scores)
    wait_for(losses, "g._fullLayout.xaxis.autorange === false")
    losses.get_by_role("button", name="Reset zoom").click()
    wait_for(scores, "g._fullLayout.xaxis.autorange === true")


def test_a_zoom_fetches_more_points_and_smooths_as_before(page: Page, address: str) -> None:
    board = open_board(page, address, SPIKED, ONE, smoothing=0.9)
    chart = panel(board, "discriminator_loss")
    whole = traces(chart)["run 3"]
    assert 250 < len(whole["x"]) <= 625  # 5,000 rows by eights, fewer where the chart has not the pixels
    low, high = zoom(chart, 0.5, 0.6)
    wait_for(chart, "g.data.some(t => t.name === 'run 3' && t.x[1] - t.x[0] <= 2)")
    near = traces(chart)["run 3"]
    assert near["x"][1] - near["x"][0] <= 2 < whole["x"][1] - whole["x"][0]
    assert near["x"][0] < low
    assert near["x"][-1] >= high
    inside = [x for x in whole["x"] if low <= x <= high]
    far_y = np.interp(inside, whole["x"], whole["y"])
    np.testing.assert_allclose(np.interp(inside, near["x"], near["y"]), far_y, atol=0.06)


def test_a_zoomed_part_goes_on_growing(page: Page, address: str, long: Growing) -> None:
    board = open_board(page, address, SPIKED, LONG, also=("live",))
    chart = panel(board, "generator_loss")
    low, high = zoom(chart, 0.2, 0.6)
    assert low < 1500
    assert high > 2500
    long.grow(1000)
    wait_for(chart, "g.data.find(t => t.name === 'run 8').x.at(-1) === 2500")
    assert x_range(chart) == pytest.approx([low, high])


def test_chips_hide_show_and_single_out_in_all_charts(page: Page, address: str, growing: Growing) -> None:
    board = open_board(page, address, ONE, THRICE, GROWING, also=("live",))
    expect(board.locator(".cb-chip")).to_have_text(["run 1", "run 2", "run 7"])
    charts = [panel(board, "generator_loss"), panel(board, "discriminator_loss")]

    def shown() -> list[set[str]]:
        return [set(traces(chart)) for chart in charts]

    assert shown() == [{"run 1", "run 2", "run 7"}] * 2
    chip(board, "run 2").click()
    wait_for_draws(charts[1], 1)
    assert shown() == [{"run 1", "run 7"}] * 2
    expect(chip(board, "run 2")).to_have_attribute("aria-pressed", "false")
    rows = growing.grow(10)
    wait_for_rows(charts[0], rows)
    page.locator("label").filter(has_text="Log").click()
    wait_for(charts[0], "g._fullLayout.yaxis.type === 'log'")
    assert shown() == [{"run 1", "run 7"}] * 2
    chip(board, "run 7").dblclick()
    wait_for(charts[0], "g.data.length === 1")
    assert shown() == [{"run 7"}] * 2
    chip(board, "run 7").dblclick()
    wait_for(charts[0], "g.data.length === 3")
    chip(board, "run 1").focus()
    page.keyboard.press("Space")
    wait_for(charts[0], "g.data.length === 2")
    assert shown() == [{"run 2", "run 7"}] * 2
    page.keyboard.press("Enter")
    wait_for(charts[0], "g.data.length === 3")


def test_one_run_has_a_legend_in_each_chart(page: Page, address: str) -> None:
    board = open_board(page, address, ONE)
    expect(board.locator(".cb-legend")).to_be_hidden()
    expect(panel(board, "losses").locator(".cb-chip")).to_have_text(["G", "D"])
    # One line is named by its chart's title.
    expect(panel(board, "alone").locator(".cb-chip")).to_have_count(0)
    for name in ("D(x)", "D(G(z))"):
        chip(board, name).click()
    expect(panel(board, "scores").get_by_text("hidden", exact=True)).to_be_visible()
    assert set(traces(panel(board, "losses"))) == {"G", "D"}


def test_the_theme_is_followed(page: Page, address: str) -> None:
    board = open_board(page, address, ONE)
    losses = panel(board, "losses")
    light = graph(losses, "g._fullLayout.font.color")
    page.emulate_media(color_scheme="dark")
    wait_for(losses, f"g._fullLayout.font.color !== '{light}'")
    assert (light, graph(losses, "g._fullLayout.font.color")) == ("#1d2233", "#e7e9f2")
    assert board.get_attribute("data-mounts") == "1"


def test_without_rows_it_says_so(page: Page, address: str) -> None:
    board = open_board(page, address, EMPTY)
    expect(panel(board, "losses").get_by_text("nothing was logged")).to_be_visible()
    expect(panel(board, "losses").locator(".cb-words")).to_have_text("No values yet.")
    assert panel(board, "losses").get_attribute("data-rows") == "0"


def test_it_fits_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    board = open_board(page, address, ONE, THRICE)
    assert graph(panel(board, "generator_loss"), "g._fullLayout.width") < 390
    boxes = [chart.bounding_box() for chart in board.get_by_test_id("curve-panel").all()]
    assert len({box["x"] for box in boxes if box}) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_plotly_is_kept_by_the_browser(page: Page, address: str) -> None:
    with page.expect_response("**/vendor/plotly.min.js*") as found:
        open_board(page, address, ONE)
    assert found.value.url.startswith(f"{address}/vendor/")
    assert "max-age=31536000" in found.value.headers["cache-control"]


def test_the_smoothed_line_is_tensorboards_and_the_raw_one_stays_faint(page: Page, address: str) -> None:
    chart = panel(open_board(page, address, THRICE, smoothing=BY_HAND), "losses")
    drawn = traces(chart)
    raw = [3.0 * iteration for iteration in range(2, 21, 2)]
    assert drawn["G-raw"]["y"] == raw
    assert drawn["G-raw"]["opacity"] < 0.3 < drawn["G"]["opacity"]
    np.testing.assert_allclose(drawn["G"]["y"], tensorboard(raw, BY_HAND))
    page.get_by_role("slider", name="Smoothing").press("Home")
    wait_for(chart, "g.data.length === 2")
    assert traces(chart)["G"]["y"] == raw


@pytest.mark.parametrize(
    ("axis", "first", "last"),
    [
        ("iteration", 1, 20),
        ("epoch", 0.1, 2),
        ("images_seen", 16, 320),
        ("generator_updates", 1, 20),
        ("critic_updates", 1, 20),
        ("elapsed_s", 0.02, 0.4),
    ],
)
def test_the_x_axis_counts_what_was_chosen(page: Page, address: str, axis: str, first: float, last: float) -> None:
    x = traces(panel(open_board(page, address, ONE, x=axis), "losses"))["G"]["x"]
    assert (len(x), x[0], x[-1]) == (20, pytest.approx(first), pytest.approx(last))


def test_no_spike_is_lost_and_outliers_can_be_left_out(page: Page, address: str) -> None:
    board = open_board(page, address, SPIKED)
    chart = panel(board, "alone")
    drawn = traces(chart)["G"], traces(chart)["G-raw"]
    assert len(drawn[0]["y"]) <= 625
    assert max(drawn[0]["y"]) < 15
    assert (max(drawn[1]["y"]), min(drawn[1]["y"])) == (50, -40)
    low, high = graph(chart, "g._fullLayout.yaxis.range")
    assert low < -40 < 50 < high
    page.locator("label").filter(has_text="Clip").click()
    wait_for(chart, "g._fullLayout.yaxis.autorange === false")
    low, high = graph(chart, "g._fullLayout.yaxis.range")
    assert 0 < low < 1.5 < high < 3
    # The range of what is bounded stays.
    assert graph(panel(board, "scores"), "g._fullLayout.yaxis.range") == pytest.approx([-0.03, 1.03])


def test_a_logarithmic_axis_holds_what_is_above_zero(page: Page, address: str) -> None:
    board = open_board(page, address, ONE, log="true")
    losses, alone, scores = (panel(board, key) for key in ("losses", "alone", "scores"))
    assert [graph(chart, "g._fullLayout.yaxis.type") for chart in (losses, alone, scores)] == ["log", "log", "linear"]
    # A level below 0 is left out instead of stretching the axis.
    assert graph(alone, "g.layout.shapes.length") == 0
    low, high = graph(alone, "g._fullLayout.yaxis.range")
    assert -1 < low < 0 < math.log10(20) < high < 2
    page.locator("label").filter(has_text="Clip").click()
    wait_for(alone, "g._fullLayout.yaxis.autorange === false")
    low, high = graph(alone, "g._fullLayout.yaxis.range")
    assert -0.5 < low < 0 < math.log10(19) < high < 1.5


def test_values_below_zero_keep_their_linear_axis(page: Page, address: str) -> None:
    board = open_board(page, address, NEGATIVE, log="true")
    assert graph(panel(board, "alone"), "g._fullLayout.yaxis.type") == "linear"
    assert graph(panel(board, "losses"), "g._fullLayout.yaxis.type") == "log"


def test_a_baseline_makes_curves_differences(page: Page, address: str) -> None:
    board = open_board(page, address, ONE, THRICE, baseline="run 1", log="true")
    chart, own = panel(board, "generator_loss"), panel(board, "d_real")

    def check() -> None:
        drawn = traces(chart)["run 2"]
        assert drawn["x"] == list(range(2, 21, 2))
        np.testing.assert_allclose(drawn["y"], [2 * x for x in drawn["x"]])

    check()
    assert traces(chart)["run 1"]["y"] == [0] * 20
    assert graph(chart, "[g._fullLayout.yaxis.type, g.layout.annotations.map(a => a.text)]") == ["linear", ["run 1"]]
    chip(board, "run 1").click()
    wait_for(chart, "g.data.length === 1")
    check()
    # The baseline has no line here.
    assert set(traces(own)["run 2"]["y"]) == {0.5}
    assert graph(own, "g.layout.annotations.length") == 0


def test_a_band_is_the_mean_and_the_range(page: Page, address: str) -> None:
    chart = panel(open_board(page, address, ONE, THRICE, also=("bands",)), "generator_loss")
    drawn = traces(chart)
    assert set(drawn) == {"gan-lab (2 seeds)", "gan-lab (2 seeds)-band"}
    mean, band = drawn["gan-lab (2 seeds)"], drawn["gan-lab (2 seeds)-band"]
    x = np.array(mean["x"])
    both = x >= 2  # the other begins there
    assert (x[0], x[-1]) == (1, 20)
    np.testing.assert_allclose(np.array(mean["y"]), np.where(both, 2 * x, x))
    np.testing.assert_allclose(np.array(band["y"][: len(x)]), np.where(both, 3 * x, x))
    np.testing.assert_allclose(np.array(band["y"][len(x) :]), x[::-1])


def test_a_branch_leaves_its_parents_curve(page: Page, address: str) -> None:
    board = open_board(page, address, ONE, BRANCH)
    chart = panel(board, "generator_loss")
    drawn = traces(chart)
    assert set(drawn) == {"run 1", "run 4"}
    assert drawn["run 1"]["x"] == list(range(1, 21))
    assert (drawn["run 4"]["x"], drawn["run 4"]["y"]) == (list(range(10, 21)), [10] + [50] * 10)
    chip(board, "run 1").click()
    wait_for(chart, "g.data.length === 2")
    alone = traces(chart)
    assert (alone["run 4-shared"]["x"], alone["run 4-shared"]["dash"]) == (list(range(1, 11)), "dot")
    assert alone["run 4"]["x"] == list(range(10, 21))


def test_levels_of_theory_and_markers_are_drawn(page: Page, address: str) -> None:
    board = open_board(page, address, ONE, also=("markers",))
    shapes = "g.layout.shapes.map(s => [s.y0, s.x0, s.line.dash])"
    texts = "g.layout.annotations.map(a => a.text)"
    assert graph(panel(board, "losses"), shapes) == [[math.log(2), 0, "dash"], [0, 5, "dot"], [0, 15, "dot"]]
    assert graph(panel(board, "losses"), texts) == ["log 2", "5 there", "15 there"]
    # The labels of markers stand in the first chart alone.
    assert graph(panel(board, "scores"), shapes) == [[0.5, 0, "dash"], [0, 5, "dot"], [0, 15, "dot"]]
    assert graph(panel(board, "scores"), texts) == ["1/2"]
