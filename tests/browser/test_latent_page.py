"""The latent-space page in a real browser, on runs made here: all that a reader does there, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, Request, expect
from tiny_runs import tiny

from gancore.kept_latents import kept
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
# An address below a page's own is asked for first and missing; Streamlit then asks at the root.
NOT_OURS = "404 (Not Found)"
PIXELS = "canvas => canvas.toDataURL()"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs, the newest one told a class."""
    folder = tmp_path_factory.mktemp("runs")
    manager = RunManager(folder)
    for config in (tiny("gan-lab", latent_dim=6), tiny("cgan")):
        assert manager.start(config).wait(RUN_S)
    manager.shutdown()
    return folder


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: Path) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs)})


def ids(runs: Path) -> dict[str, str]:
    return {run.config.preset: run.id for run in RunManager(runs).runs()}


def open_page(page: Page, address: str, query: str = "") -> Locator:
    """The page's view, once it rests."""
    page.goto(f"{address}/latent{query}")
    return settled(page)


def settled(page: Page) -> Locator:
    """The view, when nothing more is to come: no script runs, no question is open, what was set has been told."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
    view = page.locator('[data-testid="latent-explorer"][data-busy="false"]')
    expect(view).to_have_count(1, timeout=60_000)
    page.wait_for_function("document.getAnimations().every((a) => a.playState !== 'running')")
    return view


def pixels(canvas: Locator) -> str:
    shown: str = canvas.evaluate(PIXELS)
    return shown


def wait_for_change(page: Page, canvas: Locator, before: str) -> str:
    page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before", arg=[canvas.element_handle(), before]
    )
    return pixels(canvas)


def slide(slider: Locator, value: float) -> None:
    """What a drag does, step for step."""
    slider.evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def wait_for_address(page: Page, part: str) -> None:
    page.wait_for_function("(part) => location.search.includes(part)", arg=part)


def errors(watched: Any) -> list[str]:
    return [error for error in watched.errors if NOT_OURS not in error]


def test_a_walk_answers_its_slider_and_the_address_restores_it(watched: Any, address: str) -> None:
    page: Page = watched.page
    view = open_page(page, address)
    middle, first, last = (view.locator(".latent-between canvas").nth(index) for index in (1, 0, 2))
    before, place = pixels(middle), view.locator(".latent-strips").bounding_box()
    slider = page.get_by_role("slider", name="Position")
    slider.focus()
    slider.press("ArrowRight")
    wait_for_change(page, middle, before)
    expect(view.get_by_text("51 % of the way")).to_be_visible()
    for key, end in (("Home", first), ("End", last)):
        slider.press(key)
        page.wait_for_function(
            "(canvases) => canvases[0].toDataURL() === canvases[1].toDataURL()",
            arg=[middle.element_handle(), end.element_handle()],
        )
    slide(slider, 0.25)
    wait_for_address(page, "position=0.25")
    shown = pixels(middle)
    assert view.locator(".latent-strips").bounding_box() == place
    settled(page)
    page.reload()
    view = settled(page)
    expect(view.get_by_text("25 % of the way")).to_be_visible()
    assert pixels(view.locator(".latent-between canvas").nth(1)) == shown
    assert errors(watched) == []


def test_a_drag_asks_one_thing_at_a_time_and_ends_at_the_last(watched: Any, address: str) -> None:
    page: Page = watched.page
    open_page(page, address, "?view=directions&method=sefa")
    asked: list[Request] = []
    under_way = {"now": 0, "most": 0}

    def begin(request: Request) -> None:
        if request.url.endswith("/data/latent"):
            asked.append(request)
            under_way["now"] += 1
            under_way["most"] = max(under_way.values())

    def end(request: Request) -> None:
        under_way["now"] -= request in asked

    page.on("request", begin)
    page.on("requestfinished", end)
    slider = page.get_by_role("slider", name="SeFa 1")
    slider.evaluate(
        """async (input) => {
            for (let step = 1; step <= 40; step++) {
                input.value = step / 10;
                input.dispatchEvent(new Event('input', { bubbles: true }));
                await new Promise(requestAnimationFrame);
            }
        }"""
    )
    expect(slider).to_have_attribute("aria-valuetext", "+4.00 σ")
    settled(page)
    assert 1 <= len(asked) <= 40
    assert under_way["most"] == 1
    last = asked[-1].post_data_json
    assert last["question"]["moves"] == [{"of": "sefa1", "by": 4}]
    wait_for_address(page, "move=sefa1%3A4")
    assert errors(watched) == []


def test_directions_get_names_and_move_the_image(watched: Any, address: str, runs: Path) -> None:
    page: Page = watched.page
    run = ids(runs)["cgan"]
    view = open_page(page, address, f"?run={run}&view=directions")
    image = view.locator(".latent-pair canvas").first
    expect(view.get_by_text("Change: none yet")).to_be_visible()
    assert view.locator(".latent-slider[data-direction^=z]").count() == 8
    for method, first in (("SeFa", "SeFa 1"), ("PCA", "PCA 1")):
        view.get_by_role("radio", name=method).check()
        before = pixels(image)
        slide(page.get_by_role("slider", name=first), 5)
        wait_for_change(page, image, before)
    expect(view.get_by_text("Change: orange brighter, blue darker")).to_be_visible()
    view.get_by_role("button", name="Name PCA 2").click()
    page.get_by_label("Name of this direction").fill("slant")
    page.keyboard.press("Enter")
    slider = page.get_by_role("slider", name="slant")
    expect(slider).to_be_visible()
    settled(page)
    (named,) = kept(RunManager(runs).get(run).folder, "direction")
    assert (named.name, named.source) == ("slant", "PCA 2, 100 %")
    before = pixels(image)
    slide(slider, -5)
    wait_for_change(page, image, before)
    view.get_by_role("button", name="Reset").click()
    expect(view.get_by_text("Change: none yet")).to_be_visible()
    view.get_by_role("button", name="Forget slant").click()
    expect(slider).to_have_count(0)
    settled(page)
    assert kept(RunManager(runs).get(run).folder, "direction") == []
    assert errors(watched) == []


def test_a_z_is_picked_rolled_kept_and_found_again(watched: Any, address: str, runs: Path) -> None:
    page: Page = watched.page
    run = ids(runs)["gan-lab"]
    view = open_page(page, address, f"?run={run}")
    start = view.locator(".latent-between canvas").first
    before = pixels(start)
    view.get_by_role("button", name="From: seed 1; pick another sample").click()
    view.get_by_role("button", name="sample 5 of seed 1").click()
    before = wait_for_change(page, start, before)
    wait_for_address(page, "z=1.5")
    view.get_by_role("button", name="gallery tile 2").click()
    before = wait_for_change(page, start, before)
    page.get_by_label("Name of the z in the middle").fill("half way")
    page.keyboard.press("Enter")
    again = view.get_by_role("button", name="half way", exact=True)
    expect(again).to_be_visible()
    settled(page)
    middle = pixels(view.locator(".latent-between canvas").nth(1))
    again.click()
    page.wait_for_function(
        "([canvas, wanted]) => canvas.toDataURL() === wanted", arg=[start.element_handle(), middle]
    )
    wait_for_address(page, "z=kept%3Ahalf+way")
    view.get_by_role("button", name="Forget half way").click()
    expect(again).to_have_count(0)
    expect(view.get_by_role("spinbutton", name="From: seed")).to_have_value("1")
    view.get_by_role("button", name="To: draw another").click()
    page.wait_for_function("!new URLSearchParams(location.search).getAll('z').includes('seed:2')")
    number = view.get_by_role("spinbutton", name="To: seed")
    number.fill("42")
    number.press("Enter")
    wait_for_address(page, "z=seed%3A42")
    assert errors(watched) == []


def test_strips_of_several_runs_are_aligned_and_saved(watched: Any, address: str, runs: Path, tmp_path: Path) -> None:
    page: Page = watched.page
    own, other = ids(runs)["cgan"], ids(runs)["gan-lab"]
    view = open_page(page, address, f"?run={own}&at=50+%25&given=3&z=seed:5&z=seed:6&steps=7&beside={other}")
    strips = view.locator(".latent-strip")
    expect(strips).to_have_count(2)
    left, right = (strips.nth(row).locator("figure").all() for row in (0, 1))
    assert len(left) == len(right) == 7
    for upper, lower in zip(left, right, strict=True):
        above, below = upper.bounding_box(), lower.bounding_box()
        assert above is not None
        assert below is not None
        assert above["x"] == below["x"]
    for name, ending in (("Film strips (PNG)", "png"), ("GIF", "gif"), ("WebP", "webp"), ("MP4", "mp4")):
        with page.expect_download() as film:
            view.get_by_role("link", name=name).click()
        saved = tmp_path / film.value.suggested_filename
        film.value.save_as(saved)
        assert saved.name == f"{own}-50pct-walk-5-6.{ending}"
        if ending == "mp4":
            assert saved.read_bytes()[4:8] == b"ftyp"
        else:
            with Image.open(saved) as picture:
                assert ending == "png" or picture.n_frames > 30  # type: ignore[attr-defined]
    assert errors(watched) == []


def test_a_point_is_dragged_over_the_plane(watched: Any, address: str) -> None:
    page: Page = watched.page
    view = open_page(page, address, "?view=plane&side=5")
    pad, large = view.locator(".latent-pad"), view.locator(".latent-picture.large canvas")
    box = pad.bounding_box()
    assert box is not None
    before = pixels(large)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"], steps=5)
    page.mouse.up()
    expect(view.get_by_text("0 % across, 0 % down")).to_be_visible()
    corner = wait_for_change(page, large, before)
    thumb = view.locator(".latent-thumb canvas").first
    assert pixels(thumb) == corner, "the point's own image"
    pad.focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(view.get_by_text("12 % across, 2 % down")).to_be_visible()
    wait_for_address(page, "place=0.12&place=0.02")
    view.get_by_role("radio", name="three points").check()
    expect(view.get_by_text("Point D")).to_be_hidden()
    wait_for_address(page, "corners=3")
    assert errors(watched) == []


def test_the_same_z_through_the_training(watched: Any, address: str) -> None:
    page: Page = watched.page
    view = open_page(page, address, "?view=time&z=seed:3")
    large = view.locator(".latent-picture.large canvas")
    stations = view.locator(".latent-station")
    expect(stations).to_have_count(5)
    assert pixels(large) == pixels(stations.nth(4).locator("canvas"))
    trained = pixels(large)
    stations.nth(0).click()
    untrained = wait_for_change(page, large, trained)
    slide(page.get_by_role("slider", name="Place in the training"), 0.5)
    wait_for_change(page, large, untrained)
    expect(view.get_by_text("No training went through this generator")).to_be_visible()
    expect(view.locator(".latent-picture.large figcaption")).to_have_text("0 % → 25 %: 50 %")
    page.get_by_label("Mixed with").select_option("100 %")
    expect(view.locator(".latent-picture.large figcaption")).to_have_text("0 % → 100 %: 50 %")
    wait_for_address(page, "ends=0+%25&ends=100+%25")
    settled(page)
    page.reload()
    view = settled(page)
    expect(view.locator(".latent-picture.large figcaption")).to_have_text("0 % → 100 %: 50 %")
    assert errors(watched) == []


def test_truncation_and_another_milestone_change_what_is_shown(page: Page, address: str) -> None:
    view = open_page(page, address, "?at=0+%25")
    middle = view.locator(".latent-between canvas").nth(1)
    before = pixels(middle)
    page.get_by_text("100 %", exact=True).first.click()
    before = wait_for_change(page, middle, before)
    slide(page.get_by_role("slider", name="Truncation"), 0)
    wait_for_change(page, middle, before)
    settled(page)
    frames = [pixels(frame) for frame in view.locator(".latent-strip canvas").all()]
    assert len(set(frames)) == 1, "all of them the mean's image"


# test_accessibility.py looks at the first view.
@pytest.mark.parametrize(("scheme", "names"), [("light", ("directions", "time")), ("dark", ("directions", "plane"))])
def test_no_view_has_a_violation(
    page: Page, address: str, scheme: Literal["light", "dark"], names: tuple[str, ...]
) -> None:
    page.emulate_media(color_scheme=scheme)
    for name in names:
        view = open_page(page, address, f"?view={name}&method=pca")
        view.locator(".latent-thumb").first.click()
        settled(page)
        # What is being drawn anew is faded.
        page.wait_for_function("!document.querySelector('[data-stale=\"true\"]')")
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_a_phone_shows_everything_within_its_width(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("walk", "directions", "plane", "time"):
        view = open_page(page, address, f"?view={name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for canvas in view.locator("figure canvas").all():
            box = canvas.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            assert box["width"] >= 50
