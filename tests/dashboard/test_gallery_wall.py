"""What the wall of galleries sends and what it makes of answers; the cards beside it, without a browser."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator

import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image
from tiny_runs import tiny

from dashboard import cross_score_card as card
from dashboard import image_story as story
from dashboard.gallery_wall import Column, Frame, Picked, columns, read_wall, wall_column
from dashboard.gallery_wall.columns import TILES, caption, pack_wall
from dashboard.run_names import with_names
from gancore.data import load_images
from gancore.evaluate.cross_scores import CrossScores
from gancore.evaluate.stories import Moment, Neighbour, Neighbours, Opinion
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampler import Sampler
from gancore.sampling import open_sampler

RUN_S = 120
SEED = 4
MILESTONES = [0, 25, 50, 75, 100]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    configs = {
        "plain": tiny("gan-simple", plan="4it"),
        "long": tiny("gan-simple", plan="4it", latent_dim=12, latent_distribution="uniform"),
        "told": tiny("cgan", plan="4it"),
        "pairs": tiny("pix2pix-half", plan="4it"),
        "points": tiny("ns-gan", plan="4it", data="ring"),
    }
    found = {}
    for name, config in configs.items():
        found[name] = manager.start(config)
        assert found[name].wait(RUN_S)
    yield found
    manager.shutdown()


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    st.cache_data.clear()


def column(run: Run, name: str = "run") -> Column:
    return wall_column(run, name, "#123456", SEED)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def sheet_of(picture: torch.Tensor) -> Frame:
    """A frame whose every tile is one image of (16, 1, 28, 28)."""
    sheet = columns.images.grid(picture, columns.ACROSS, padding=0)[:1]
    return Frame(0, 0, columns._packed(sheet))


def test_tiles_are_the_common_latents_samples(runs: dict[str, Run]) -> None:
    found = column(runs["plain"])
    assert [frame.percent for frame in found.frames] == MILESTONES
    assert [frame.iteration for frame in found.frames] == [0, 1, 2, 3, 4]
    sampler = open_sampler(runs["plain"], 100)
    wanted = sampler.images(sampler.common_latents(SEED, TILES))
    sheet = pixels(found.frames[-1].png)
    assert sheet.shape == (112, 112)
    fifth = sheet[28:56, 28:56].astype(int)
    # An untrained sample is noise, sent in few levels.
    assert abs(fifth - wanted[5, 0].numpy()).mean() < 0.2 * abs(fifth - wanted[6, 0].numpy()).mean()


def test_a_milestone_is_drawn_once(runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counted(Sampler):
        def __init__(self, *given: object) -> None:
            made.append(1)
            super().__init__(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(columns, "Sampler", Counted)
    first = column(runs["plain"])
    assert len(made) == len(first.frames) == len(MILESTONES)
    assert column(runs["plain"]) == first
    assert len(made) == len(MILESTONES)
    wall_column(runs["plain"], "run", "#123456", SEED + 1)
    assert len(made) == 2 * len(MILESTONES)


def test_classes_are_in_one_order_and_whole_galleries_have_no_tiles(runs: dict[str, Run]) -> None:
    classes = load_images("digits").classes
    assert column(runs["told"]).tiles == tuple(classes[index % 10] for index in range(TILES))
    assert column(runs["plain"]).tiles == ("",) * TILES
    for whole in ("pairs", "points"):
        found = column(runs[whole])
        assert found.tiles == ()
        stored = runs[whole].folder.path / runs[whole].milestones()[-1].image
        assert np.array_equal(pixels(found.frames[-1].png), pixels(stored.read_bytes()))


def test_what_is_missing_leaves_a_note(runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs["plain"]
    gone = run.milestones()[1].model_copy(update={"weights": "galleries/gone.safetensors"})
    monkeypatch.setattr(run, "milestones", lambda: [gone])
    found = column(run)
    assert found.frames == ()
    assert "gone.safetensors is missing" in found.note
    monkeypatch.setattr(run.folder, "read_resolved", lambda: None)
    assert column(run) == Column(run.id, "run", "#123456", (), ())


def test_the_caption_says_how_z_is_shared(runs: dict[str, Run]) -> None:
    plain, long, told, pairs = (column(runs[name]) for name in ("plain", "long", "told", "pairs"))
    assert caption([plain, plain], 4) == "Tiles in the same place are drawn from the same z (seed 4)."
    both = caption([plain, long], 4)
    assert "z has 8 or 12 numbers, and two runs agree in those that both have" in both
    assert "uniform numbers lie at the quantiles of the normal ones" in both
    assert "Classes go round in the same order" in caption([plain, told], 4)
    assert "from image to image show their own galleries" in caption([plain, pairs], 4)
    assert caption([pairs], 4) == "Runs in the plane and from image to image show their own galleries."


@pytest.mark.parametrize("kind", ["digits", "noise"])
def test_four_runs_at_five_milestones_stay_small(kind: str) -> None:
    draw = torch.Generator().manual_seed(0)
    frames = []
    for number, percent in enumerate(MILESTONES * 4):
        tiles = load_images("digits").images[16 * number : 16 * number + 16]
        if kind == "noise":
            tiles = torch.randint(256, tiles.shape, generator=draw, dtype=torch.uint8)
        frames.append(Frame(percent, number, sheet_of(tiles).png))
    wall = [
        Column(f"run-{n}", f"run {n}", "#123456", tuple(frames[5 * n : 5 * n + 5]), ("",) * TILES, 64)
        for n in range(4)
    ]
    packed = pack_wall(wall, SEED)
    assert len(json.dumps(packed)) < 200_000
    assert packed["columns"][0]["frames"][0]["size"] == (112, 112)


def test_pictures_that_pack_are_sent_as_they_are() -> None:
    tiles = load_images("digits").images[:16] // 64 * 64
    assert np.array_equal(pixels(sheet_of(tiles).png)[28:56, 28:56], tiles[5, 0].numpy())


WALL = (Column("a", "A", "#000000", (Frame(0, 0, b""), Frame(25.3, 9, b"")), ("",) * 4),)


@pytest.mark.parametrize(
    ("sent", "picked"),
    [
        ({"run": "a", "percent": 25.3, "tile": 3}, Picked("a", 25.3, 3)),
        ({"run": "a", "percent": 0, "tile": 0}, Picked("a", 0.0, 0)),
        ({"run": "gone", "percent": 0, "tile": 0}, None),
        ({"run": "a", "percent": 50, "tile": 0}, None),
        ({"run": "a", "percent": 0, "tile": 4}, None),
        ({"run": "a", "percent": "0", "tile": None}, None),
        ("nonsense", None),
        (None, None),
    ],
)
def test_a_pick_that_is_not_on_the_wall_counts_as_none(sent: object, picked: Picked | None) -> None:
    assert read_wall(40, sent, WALL) == (40.0, picked)


@pytest.mark.parametrize(("sent", "percent"), [(-3, 0), (250, 100), (None, 100), ("x", 100), (12.5, 12.5)])
def test_the_percentage_stays_in_its_range(sent: object, percent: float) -> None:
    assert read_wall(sent, None, WALL).percent == percent


def test_names_take_the_place_of_ids() -> None:
    names = {"dcgan-1": "dcgan-12", "dcgan-12": "the other"}
    assert with_names("dcgan-1 and dcgan-12, not dcgan", names) == "dcgan-12 and the other, not dcgan"
    assert with_names("nothing", {}) == "nothing"


IMAGE = torch.zeros(1, 4, 4, dtype=torch.uint8)


def test_a_story_marks_the_picked_moment_and_escapes_what_it_shows() -> None:
    strip = story.history_html([Moment(0, 0, IMAGE), Moment(50, 1200, IMAGE)], 50)
    assert strip.count("<figure") == 2
    assert strip.index('class="here"') > strip.index("iteration 0")
    assert "iteration 1,200" in strip
    near = story.neighbours_html(IMAGE, Neighbours("pixels", (Neighbour(IMAGE, 7, 0.125, "<b>"),)))
    assert "&lt;b&gt;" in near
    assert "0.125" in near
    assert "<b>" not in near


def test_an_opinion_is_a_number_or_words() -> None:
    found = [Opinion("a", 0.42), Opinion("b", None, "b has no checkpoint with its discriminator.")]
    shown = story.opinions_html(found, {"a": "one & two", "b": "B"}, {"a": "#111111", "b": "#222222"})
    assert "one &amp; two" in shown
    assert "<b>0.42</b>" in shown
    assert "--share:0.420" in shown
    assert "B has no checkpoint with its discriminator." in shown


def scores() -> CrossScores:
    areas = torch.tensor([[0.8, 0.4, 0.6], [math.nan, 0.9, 1.0]], dtype=torch.float64)
    return CrossScores(("a", "b"), ("a", "b", "c"), areas, areas / 100, "test", packs={"b": 2})


NAMES = {"a": "A", "b": "B", "c": "C"}


def test_the_matrix_shows_each_cell_and_marks_own_pairs() -> None:
    figure = card.matrix_figure(scores(), NAMES)
    assert figure.data[0].z == ([0.8, 0.4, 0.6], [None, 0.9, 1.0])
    assert (figure.data[0].zmin, figure.data[0].zmid, figure.data[0].zmax) == (0, 0.5, 1)
    assert [note.text for note in figure.layout.annotations] == ["0.80", "0.40", "0.60", "–", "0.90", "1.00"]
    assert [(box.x0 + box.x1, box.y0 + box.y1) for box in figure.layout.shapes] == [(0, 0), (2, 2)]
    assert figure.layout.xaxis.ticktext == ("A", "B", "C")
    assert figure.layout.yaxis.ticktext == ("A", "B")
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "the first row is the uppermost"


def test_the_file_has_a_line_for_each_cell() -> None:
    lines = card.csv_file(scores(), NAMES).splitlines()
    assert lines[0] == "discriminator,discriminator_name,samples,samples_name,area_under_roc,standard_error"
    assert lines[2] == "a,A,b,B,0.4,0.004"
    assert lines[4] == "b,B,a,A,,"
    assert len(lines) == 7


def test_the_matrix_says_what_it_stands_on() -> None:
    said = card.basis(scores(), NAMES)
    assert "official test images" in said
    assert "standard errors up to 0.01" in said
    assert said.endswith("B's discriminator judges packs of 2.")
