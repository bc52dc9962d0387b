"""GANs in the plane as a visitor sees them: a canvas that fills and changes, steps, slow motion, and a drawing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from steered import until
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).resolve().parents[2]
# Colours on a canvas; an empty one has one.
COLORS = """canvas => {
  const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return new Set(pixels).size;
}"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        "GANSCOPE_RUNS": str(tmp_path_factory.mktemp("runs")),
        "GANCORE_DATA": str(tmp_path_factory.mktemp("data")),
    }


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], folders: dict[str, str]) -> str:
    return serve(ROOT / "dashboard" / "app.py", env=folders)


def open_plane(page: Page, address: str) -> None:
    """From the first page, as the server has no files beside the others' addresses."""
    page.goto(address)
    page.get_by_role("link", name="Plane").first.click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()


def choose_data(page: Page, name: str) -> None:
    option = page.get_by_role("radio", name=name)
    option.click()
    expect(option).to_be_checked()


def start(page: Page, plan: str) -> None:
    field = page.get_by_role("textbox", name="Planned length")
    field.fill(plan)
    field.press("Enter")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_role("button", name="Start", exact=True).click()


def plane(page: Page) -> Locator:
    found = page.get_by_test_id("plane-view").first
    expect(found).to_be_visible()
    return found


def iteration(view: Locator) -> int:
    return int(view.get_attribute("data-iteration") or -1)


def wait_for(page: Page, view: Locator, more_than: int, within_ms: int = 60_000) -> int:
    page.wait_for_function(
        "([key, n]) => +document.querySelector(`[data-testid=plane-view][data-key='${key}']`).dataset.iteration > n",
        arg=[view.get_attribute("data-key"), more_than],
        timeout=within_ms,
    )
    return iteration(view)


def trained(folders: dict[str, str]) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(Path(folders["GANSCOPE_RUNS"]).glob("*/status.json"))]


def references_to(page: Page) -> list[bytes]:
    """What the server sends from now on as a reference to a message that the browser has."""
    found: list[bytes] = []

    def note(data: bytes) -> None:
        if ForwardMsg.FromString(data).WhichOneof("type") == "ref_hash":
            found.append(data)

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    return found


def is_too_wide(page: Page) -> bool:
    found: bool = page.get_by_test_id("stMain").evaluate("main => main.scrollWidth > main.clientWidth")
    return found


def test_a_ring_is_watched_stepped_and_slowed_down(watched: Any, address: str, folders: dict[str, str]) -> None:
    page: Page = watched.page
    references = references_to(page)
    open_plane(page, address)
    start(page, "1000000it")
    view = plane(page)
    canvas = view.locator("canvas")
    wait_for(page, view, 0)
    assert canvas.evaluate(COLORS) > 50
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    wait_for(page, view, iteration(view))  # read after the picture, as a newer one may have come meanwhile
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before
    expect(canvas).to_have_attribute(
        "aria-label", re.compile(r"^ns-gan on Ring of 8 at iteration .* of 8 modes covered")
    )

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    until(lambda: [status["state"] for status in trained(folders)] == ["paused"])  # stored after it is shown
    (status,) = trained(folders)
    paused_at = status["iteration"]
    expect(view).to_have_attribute("data-iteration", str(paused_at))
    page.get_by_role("button", name="Step").click()
    expect(view).to_have_attribute("data-iteration", str(paused_at + 1))

    page.get_by_role("radio", name="Slow").click()
    page.get_by_role("button", name="Resume").click()
    slow_from = wait_for(page, view, paused_at + 1)
    page.wait_for_timeout(4_000)
    slow = iteration(view) - slow_from
    assert slow <= 12, "two a second"
    page.get_by_role("radio", name="Full").click()
    full_from = wait_for(page, view, slow_from + slow)
    wait_for(page, view, full_from + 30, within_ms=14_000)  # at two a second they would take 15

    page.set_viewport_size({"width": 390, "height": 844})
    expect(canvas).to_be_visible()
    page.wait_for_timeout(500)
    assert not is_too_wide(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not is_too_wide(page)

    page.get_by_role("button", name="Manifold").click()
    expect(view.get_by_text("G's grid of z")).to_be_visible()
    page.get_by_role("button", name="Discriminator", exact=True).click()
    expect(view.locator(".plane-view-scale > *")).to_have_count(0)
    assert view.get_attribute("data-mounts") == "1"

    page.reload()
    view = plane(page)
    wait_for(page, view, full_from)
    # Streamlit's own header has a Stop too, while a page takes long.
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("stopped")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert canvas.evaluate(COLORS) > 50, "its last checkpoint"
    # After a reload the server is asked for its health beside the page's own address first, which Streamlit answers.
    assert [error for error in watched.errors if "404" not in error] == []
    assert references == [], "one that outlives what was to be sent before it leaves the page blank"


def test_points_are_painted_undone_and_trained_on(watched: Any, address: str, folders: dict[str, str]) -> None:
    page: Page = watched.page
    open_plane(page, address)
    choose_data(page, "Draw your own")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    board = page.get_by_test_id("drawing-board")
    canvas = board.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None

    def place(angle: float) -> tuple[float, float]:
        x, y = 0.5 + 0.3 * math.cos(angle), 0.5 - 0.3 * math.sin(angle)
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*place(0))
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(*place(step * math.pi / 10))
    page.mouse.up()
    expect(page.get_by_role("button", name="Use these points")).to_be_enabled()
    painted = int(board.get_attribute("data-points") or 0)
    assert painted > 100
    canvas.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(board).not_to_have_attribute("data-points", str(painted))
    board.get_by_role("button", name="Undo").click()
    expect(board).to_have_attribute("data-points", str(painted))

    name = page.get_by_role("textbox", name="Name")
    name.fill("my loop")
    name.press("Enter")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_role("button", name="Use these points").click()
    expect(page.get_by_role("radio", name="my-loop")).to_be_checked()
    drawing = Path(folders["GANCORE_DATA"]) / "drawings" / "my-loop.csv"
    assert len(drawing.read_text().splitlines()) == painted

    start(page, "20it")
    expect(page.get_by_text("finished")).to_be_visible(timeout=60_000)
    view = plane(page)
    expect(view).to_have_attribute("data-iteration", "20")
    expect(view.locator("canvas")).to_have_attribute("aria-label", re.compile("^ns-gan on my-loop at iteration 20: "))
    assert watched.errors == []
