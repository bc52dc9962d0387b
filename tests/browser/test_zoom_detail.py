"""A zoom into a run of a million rows shows single iterations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tiny_runs import tiny

from gancore.checkpoint import RunFolder
from gancore.history import HISTORY_FILE, POSITION, History, write_history
from gancore.status import RunState, Status

ROOT = Path(__file__).resolve().parents[2]
ROWS = 1_000_000
BATCHES, BATCH = 112, 16
PANEL = "[data-testid=curve-panel][data-panel=generator_loss]"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def losses() -> np.ndarray:
    return np.random.default_rng(0).normal(size=ROWS).astype(np.float32).astype(np.float64)


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory, losses: np.ndarray) -> str:
    root = tmp_path_factory.mktemp("runs")
    folder = RunFolder.create(root, tiny("gan-simple", plan=f"{ROWS}it"))
    iteration = np.arange(1.0, ROWS + 1)
    history = History([*POSITION, "generator_loss", "discriminator_loss", "d_real", "d_fake"])
    position = [iteration, iteration / BATCHES, iteration * BATCH, iteration / 50]
    history.append(np.column_stack([*position, losses, losses, losses, losses]))
    write_history(history, folder.path / HISTORY_FILE)
    folder.write_status(Status(state=RunState.FINISHED, iteration=ROWS, progress=1.0))
    address = serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(root)})
    return f"{address}/compare?runs={folder.id}&smoothing=0.0"


def drag_to_half(page: Page) -> None:
    """Zoom into the half of the chart around its middle."""
    box = page.locator(f"{PANEL} .nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.25 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], middle, steps=4)
    page.mouse.up()


def zoomed(page: Page) -> tuple[float, float]:
    low, high = page.evaluate(
        f"document.querySelector('{PANEL} .js-plotly-plot')._fullLayout.xaxis.range.map(Number)"
    )
    return low, high


@pytest.mark.slow
def test_single_iterations_are_seen(page: Page, address: str, losses: np.ndarray) -> None:
    page.goto(address)
    expect(page.locator(PANEL)).to_have_attribute("data-rows", str(ROWS))
    low, high = zoomed(page)
    while high - low > 300:
        width = high - low
        drag_to_half(page)
        page.wait_for_function(
            f"width => {{ const [a, b] = document.querySelector('{PANEL} .js-plotly-plot')._fullLayout.xaxis.range;"
            " return b - a < 0.7 * width; }",
            arg=width,
        )
        page.wait_for_timeout(400)  # the second click of a double one would be waited for
        low, high = zoomed(page)
    inside = np.arange(np.ceil(low), np.floor(high) + 1)
    shown = page.wait_for_function(
        f"""([low, high, count]) => {{
            const line = document.querySelector('{PANEL} .js-plotly-plot')._fullData.find((trace) => trace.name);
            const points = Array.from(line.x, (x, i) => [x, line.y[i]]).filter(([x]) => x >= low && x <= high);
            return points.length === count && points;
        }}""",
        arg=[low, high, len(inside)],
    ).json_value()
    assert [x for x, _ in shown] == inside.tolist()
    np.testing.assert_allclose([y for _, y in shown], losses[inside.astype(int) - 1], rtol=1e-6)
