"""The latent-space page without a browser: what can be asked of its routes, its files, its address and its card."""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from streamlit.testing.v1 import AppTest
from tiny_runs import tiny

from dashboard import engine
from dashboard.latent_explorer import Keep, State
from dashboard.latent_explorer import pictures as walks
from dashboard.latent_explorer.chosen import Chosen
from dashboard.latent_explorer.chosen import keep as keep_wish
from dashboard.latent_explorer.files import file_of
from dashboard.latent_explorer.generators import Generators, generators_of
from dashboard.latent_explorer.questions import MOST_IMAGES, Question, Where, answer
from dashboard.latent_explorer.routes import Asked, Wanted, found, strengths
from dashboard.run_picker import run_labels
from gancore import latents
from gancore.errors import GanCoreError
from gancore.kept_latents import keep, kept
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import milestone_of, open_sampler

RUN_S = 120


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with finished runs: two alike, one on labels, one from image to image, and one in the plane."""
    folder = tmp_path_factory.mktemp("runs")
    manager = RunManager(folder)
    for config in (
        tiny("ns-gan", data="ring"),
        tiny("pix2pix-edges"),
        tiny("cgan"),
        tiny("gan-lab", latent_dim=6),
        tiny("quick"),
    ):
        assert manager.start(config).wait(RUN_S)
    manager.shutdown()
    return folder


@pytest.fixture
def at_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that has the dashboard look for runs in a folder."""

    def use(folder: Path) -> RunManager:
        monkeypatch.setenv("GANSCOPE_RUNS", str(folder))
        engine.manager.cache_clear()
        return engine.manager()

    yield use
    engine.manager().shutdown()
    engine.manager.cache_clear()


@pytest.fixture
def runs(at_root: Any, root: Path) -> dict[str, Run]:
    """The runs by their presets."""
    return {run.config.preset: run for run in at_root(root).runs()}


def where(run: Run, at: str = "100 %", **more: Any) -> Where:
    return Where(run=run.id, at=at, **more)


def ask(kind: str, *places: Where, points: tuple[str, ...] = ("seed:1",), **more: Any) -> Question:
    return Question.model_validate({"kind": kind, "where": places, "points": points, **more})


def same(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Sums of another batch size may round differently."""
    return bool((first.int() - second.int()).abs().max() <= 1)


class TestPictures:
    def test_effects_by_hand(self) -> None:
        weights = torch.tensor([0.0, 30.0, 10.0, 20.0])

        def paint(z: torch.Tensor) -> torch.Tensor:
            return (128 + z * weights).clamp(0, 255).to(torch.uint8).view(-1, 1, 2, 2)

        # One of four pixels moves by twice the dimension's weight.
        effect = walks.effects(paint, torch.zeros(4), "normal")
        assert effect.tolist() == pytest.approx([0, 60 / 4 / 255, 20 / 4 / 255, 40 / 4 / 255])
        effect = walks.effects(paint, torch.full((4,), 0.5), "uniform")
        assert effect.tolist() == pytest.approx([0, 15 / 4 / 255, 5 / 4 / 255, 10 / 4 / 255])

    def test_uniform_dimensions_move_to_the_ends_of_their_range(self) -> None:
        z = torch.tensor([0.25, 0.5, 0.75, 0.0])
        assert walks.moved(z, {0: 1.0, 1: -1.0, 2: 0.5}, "uniform").tolist() == [1.0, 0.0, 0.875, 0.0]
        assert torch.equal(walks.moved(z, dict.fromkeys(range(4), 0.0), "uniform"), z)

    def test_normal_dimensions_move_by_standard_deviations(self) -> None:
        z = torch.tensor([0.25, 0.5, -0.75])
        assert walks.moved(z, {0: 2.0, 2: -1.0}, "normal").tolist() == [2.25, 0.5, -1.75]
        assert z.tolist() == [0.25, 0.5, -0.75]

    @pytest.mark.parametrize("channels", [1, 3])
    def test_difference(self, channels: int) -> None:
        base = torch.full((channels, 1, 3), 100, dtype=torch.uint8)
        image = base.clone()
        image[..., 0], image[..., 2] = 0, 200
        red, _, blue = walks.difference(image, base)[:, 0].int()
        assert blue[0] > red[0] > 0
        assert red[1] == blue[1] == 0
        assert red[2] > blue[2] > 0

    def test_film_strips_repeat_whole_pixels_and_tell_where_they_are_from(self) -> None:
        grey, colored = torch.randint(0, 256, (5, 1, 2, 2)).byte(), torch.randint(0, 256, (5, 3, 2, 2)).byte()
        with Image.open(io.BytesIO(walks.strips_png([grey, colored], Seeds="1 2"))) as picture:
            assert picture.size == (5 * 112 + 6 * 4, 2 * 112 + 3 * 4)
            assert picture.info["Seeds"] == "1 2"
            first = torch.tensor(list(picture.convert("L").crop((4, 4, 116, 116)).getdata())).view(112, 112)
        assert torch.equal(first, grey[0, 0].long().repeat_interleave(56, 0).repeat_interleave(56, 1))

    def test_a_grid_and_a_single_image(self) -> None:
        samples = torch.zeros(25, 1, 2, 2, dtype=torch.uint8)
        with Image.open(io.BytesIO(walks.grid_png(samples, 5))) as picture:
            assert picture.size == (5 * 84 + 6 * 4,) * 2
        with Image.open(io.BytesIO(walks.single_png(samples[0]))) as picture:
            assert picture.size == (448, 448)


class TestQuestions:
    def test_a_walk_ends_at_its_points_in_every_run(self, runs: dict[str, Run]) -> None:
        for name in ("quick", "gan-lab", "cgan", "pix2pix-edges"):
            run, sampler = runs[name], open_sampler(runs[name])
            condition = None if sampler.conditions is None else 2
            question = ask("walk", where(run, condition=condition), points=("7.3", "seed:9"), steps=5)
            drawn = answer(question, question.where[0])
            assert drawn.shape[0] == 5
            ends = torch.cat([sampler.common_latents(7, 3)[2:], sampler.common_latents(9)])
            assert same(drawn[[0, 4]], sampler.images(ends, condition))

    def test_a_plane_has_its_points_in_its_corners(self, runs: dict[str, Run]) -> None:
        run, points = runs["quick"], ("seed:1", "seed:2", "seed:3", "seed:4")
        corners = answer(ask("points", where(run), points=points), where(run))
        sheet = answer(ask("plane", where(run), points=points, side=5, path="spherical"), where(run))
        assert same(sheet[[0, 4, 20, 24]], corners)
        three = answer(ask("plane", where(run), points=points[:3], side=5), where(run))
        assert same(three[[0, 4, 20]], corners[:3])
        place = answer(ask("plane", where(run), points=points[:3], places=[(0.25, 0.5)]), where(run))
        assert same(place[0], three[11])

    def test_moves_add_up_and_what_is_kept_moves_too(self, runs: dict[str, Run]) -> None:
        run = runs["quick"]
        sampler, opened = open_sampler(run), generators_of(run)
        base, sefa = sampler.common_latents(1)[0], opened.directions("sefa", "100 %", None).vectors[1]
        pca = opened.directions("pca", "100 %", None).vectors[0]
        keep(run.folder, "slant", "direction", sefa)
        moves = [{"of": "z2", "by": 1.5}, {"of": "kept:slant", "by": -2}, {"of": "pca1", "by": 3}]
        drawn = answer(ask("moved", where(run), moves=moves, truncation=0.5), where(run))
        z = base - 2 * sefa + 3 * pca
        z[2] += 1.5
        assert same(drawn, sampler.images(0.5 * z[None]))

    def test_uniform_latents_stay_in_their_cube(self, runs: dict[str, Run], at_root: Any, tmp_path: Path) -> None:
        run = at_root(tmp_path).start(tiny("gan-lab", plan="1it", latent_distribution="uniform"))
        assert run.wait(RUN_S)
        far = [{"of": "sefa1", "by": 90.0}]
        drawn = answer(ask("moved", where(run), moves=far), where(run))
        vector = generators_of(run).directions("sefa", "100 %", None).vectors[0]
        cube = (open_sampler(run).common_latents(1) + 90 * 12**-0.5 * vector).clamp(0, 1)
        assert same(drawn, open_sampler(run).images(cube))

    def test_between_two_checkpoints_weights_are_mixed(self, runs: dict[str, Run]) -> None:
        run = runs["quick"]
        first, last = (open_sampler(run, percent) for percent in (0, 100))
        z = first.common_latents(1)
        for share, wanted in ((0.0, first.images(z)), (1.0, last.images(z))):
            place = where(run, "0 %", toward="100 %", share=share)
            assert same(answer(ask("points", place), place), wanted)
        place = where(run, "0 %", toward="100 %", share=0.5)
        middle = answer(ask("points", place), place)
        weights = [run.folder.generator_weights(milestone_of(run, percent)) for percent in (0, 100)]
        mixed = {name: (value + weights[1][name]) / 2 for name, value in weights[0].items()}
        mixed |= {name: weights[1][name] for name in mixed if not weights[1][name].is_floating_point()}
        first.load(mixed)
        assert same(middle, first.images(z))

    def test_another_moment_is_loaded_and_the_first_comes_back(self, runs: dict[str, Run]) -> None:
        run = runs["quick"]
        early, late = (answer(ask("points", where(run, at)), where(run, at)) for at in ("0 %", "100 %"))
        assert not torch.equal(early, late)
        assert torch.equal(answer(ask("points", where(run, "0 %")), where(run, "0 %")), early)

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"where": [{"run": "gone", "at": "100 %"}]}, "there is no run 'gone'"),
            ({"at": "33 %"}, r"has no milestone '33 %'; there are: 0 %, 25 %, 50 %, 75 %, 100 %"),
            ({"points": ["seven"]}, "expected a seed such as 7"),
            ({"points": ["kept:nothing"]}, "nothing is kept under 'nothing'"),
            ({"moves": [{"of": "z999", "by": 1}]}, "z has the numbers 0 to 7, found 999"),
            ({"moves": [{"of": "sefa99", "by": 1}]}, "sefa99: there are 8 directions"),
            ({"moves": [{"of": "kept:nothing", "by": 1}]}, "nothing is kept under 'nothing'"),
        ],
    )
    def test_what_is_not_there_is_a_sentence(
        self, runs: dict[str, Run], wrong: dict[str, Any], sentence: str
    ) -> None:
        place = {"run": runs["quick"].id, "at": wrong.pop("at", "100 %")}
        question = {"kind": "moved", "where": [place], "points": ["seed:1"], **wrong}
        (answered,) = found(Asked.model_validate({"question": question}))
        assert re.search(sentence, answered["error"])

    def test_points_in_the_plane_are_no_images(self, runs: dict[str, Run]) -> None:
        (answered,) = found(Asked(question=ask("points", where(runs["ns-gan"]))))
        assert "was trained on points; expected one on images" in answered["error"]

    def test_a_class_that_is_not_there_is_a_sentence(self, runs: dict[str, Run]) -> None:
        (answered,) = found(Asked(question=ask("points", where(runs["cgan"], condition=10))))
        assert answered["error"] == "condition: expected 0 to 9, found 10"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"kind": "walk"},
            {"kind": "plane", "points": ["1", "2"]},
            {"kind": "plane", "points": ["1", "2", "3"], "side": 16, "where": [{"run": "a", "at": "b"}] * 3},
            {"kind": "walk", "points": ["1", "2"], "shares": [float("nan")]},
            {"moves": [{"of": "z1", "by": 1e9}]},
            {"moves": [{"of": "../z1", "by": 1}]},
            {"truncation": 2},
            {"where": []},
        ],
    )
    def test_what_cannot_be_asked(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Question.model_validate({"kind": "points", "where": [{"run": "a", "at": "b"}], "points": ["1"], **wrong})
        assert MOST_IMAGES < 3 * 16**2


class TestStrengths:
    def test_numbers_and_directions_come_strongest_first(self, runs: dict[str, Run]) -> None:
        run = runs["quick"]
        for method, count in (("z", 8), ("sefa", 8), ("pca", 8)):
            told = strengths(Wanted(method=method, where=where(run), point="seed:1"))
            assert len(told["of"]) == len(set(told["of"])) == count
            assert told["share"] == sorted(told["share"], reverse=True)
            assert all(name.startswith(method) for name in told["of"])
        assert "there is no run" in strengths(Wanted(method="z", where=Where(run="x", at="y"), point="1"))["error"]


class TestFiles:
    def test_each_form_opens(self, runs: dict[str, Run]) -> None:
        run = runs["quick"]
        walk = ask("walk", where(run), where(run, "0 %"), points=("seed:1", "kept:a b/c"), steps=5)
        keep(run.folder, "a b/c", "point", open_sampler(run).latents(3)[0])
        data, name = file_of(walk, "png")
        assert name == f"{run.id}-100pct-walk-1-kept-a-b-c.png"
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.size == (5 * 112 + 6 * 4, 2 * 112 + 3 * 4)
            assert picture.text["Moment"] == "100 %, 0 %"  # type: ignore[attr-defined]
        own = walk.model_copy(update={"where": walk.where[:1]})
        for form in ("gif", "webp"):
            with Image.open(io.BytesIO(file_of(own, form)[0])) as film:
                assert (film.n_frames, film.size) == (8, (224, 224))  # type: ignore[attr-defined]
        assert file_of(own, "mp4")[0][4:8] == b"ftyp"
        moved = ask("moved", where(run), moves=[{"of": "sefa1", "by": 3}])
        for form in ("large", "change"):
            with Image.open(io.BytesIO(file_of(moved, form)[0])) as picture:
                assert picture.size == (448, 448)
        sheet = ask("plane", where(run), points=("1", "2", "3"), side=5)
        with Image.open(io.BytesIO(file_of(sheet, "grid")[0])) as picture:
            assert picture.size == (5 * 84 + 6 * 4,) * 2

    def test_a_film_through_the_training_has_a_frame_for_each_generator(self, runs: dict[str, Run]) -> None:
        run = runs["quick"]
        places = [where(run, "0 %", toward="100 %", share=share / 4) for share in range(5)]
        with Image.open(io.BytesIO(file_of(ask("points", *places), "gif")[0])) as film:
            assert film.n_frames == 8  # type: ignore[attr-defined]


class TestState:
    def test_an_address_comes_back(self) -> None:
        query = {
            "z": ["seed:7", "3.12", "kept:a seven"],
            "path": ["linear"],
            "psi": ["0.7"],
            "method": ["sefa"],
            "move": ["sefa1:2.5", "kept:a: b:-1"],
            "corners": ["3"],
            "place": ["0.25", "0.75"],
            "moment": ["1.5"],
            "ends": ["0 %", "50 %"],
        }
        state = State.read(query)
        assert state.z == ("seed:7", "3.12", "kept:a seven", "seed:4")
        assert [(move.of, move.by) for move in state.move] == [("sefa1", 2.5), ("kept:a: b", -1.0)]
        assert (state.corners, state.place) == (3, (0.25, 0.75))
        assert state.query() == query
        assert State.model_validate(state.model_dump()) == state

    def test_what_is_not_valid_is_as_at_first(self) -> None:
        wrong = {
            "psi": ["7"],
            "path": ["zigzag"],
            "move": ["up:1"],
            "corners": ["5"],
            "place": ["0.5"],
            "steps": ["x"],
        }
        assert State.read(wrong) == State()
        assert State().query() == {}


def pages() -> None:
    import streamlit as st

    from dashboard.run_picker import TRAIN_PAGE

    latent = st.Page(TRAIN_PAGE.with_name("latent.py"), default=True)
    st.navigation([latent, st.Page(TRAIN_PAGE)], position="hidden").run()


def open_page(**query: Any) -> AppTest:
    at = AppTest.from_function(pages, default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def follow(at: AppTest, **query: Any) -> AppTest:
    """Come to the page by a link, having been elsewhere since."""
    del at.session_state["address.written"]
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def explorer(at: AppTest) -> dict[str, Any]:
    """What the page gave its view."""
    import json

    assert not at.exception
    (given,) = (
        json.loads(element.proto.json)
        for element in at.get("bidi_component")
        if element.proto.component_name.endswith("ganscope_latent_explorer")
    )
    return given


class TestPage:
    def test_without_runs_a_card_leads_to_the_train_page(self, at_root: Any, tmp_path: Path) -> None:
        at_root(tmp_path)
        at = open_page()
        assert not at.exception
        assert not at.selectbox
        assert any("No samples yet" in text.value for text in at.markdown)
        assert [link.proto.label for link in at.get("page_link")] == ["Train a run"]

    def test_damaged_runs_are_passed_over(self, at_root: Any, root: Path, tmp_path: Path) -> None:
        for source in root.iterdir():
            shutil.copytree(source, tmp_path / source.name)
        good = sorted(path.name for path in root.iterdir())
        for number, (name, content) in enumerate(
            [("config.json", "{"), ("galleries.json", "[1]"), ("galleries.json", "7"), ("status.json", "[]")]
        ):
            damaged = tmp_path / f"gan-simple-digits-20300101-00000{number}"
            shutil.copytree(root / good[0], damaged)
            (damaged / name).write_text(content)
        at_root(tmp_path)
        at = open_page()
        assert not at.exception
        assert len(at.selectbox(key="run").options) == len(good) - 1, "all but the plane"

    def test_the_newest_run_comes_first_and_the_url_names_the_choice(self, at_root: Any, root: Path) -> None:
        newest, oldest = [run.id for run in at_root(root).runs() if run.config.data == "digits"][:2]
        at = open_page()
        assert at.selectbox(key="run").value == newest
        assert at.query_params["run"] in (newest, [newest])
        at.selectbox(key="run").select(oldest).run()
        assert at.selectbox(key="run").value == oldest
        assert at.query_params["run"] in (oldest, [oldest])
        follow(at, run=newest)
        assert at.selectbox(key="run").value == newest
        follow(at, run="no-such-run")
        assert at.selectbox(key="run").value == newest
        assert not at.exception

    def test_labels_differ_and_a_new_run_renames_none(self, at_root: Any, root: Path) -> None:
        newest, oldest = at_root(root).runs()[:2]
        labels = run_labels([newest, oldest])
        assert re.fullmatch(r"quick · digits · \d+ \w{3} \d\d:\d\d", labels[newest.id])
        same = SimpleNamespace(config=oldest.config, status=oldest.status, folder=oldest.folder, is_shipped=False)
        runs: Any = [SimpleNamespace(id=name, **vars(same)) for name in ("third", "second", "first")]
        two, three = run_labels(runs[1:]), run_labels(runs)
        assert len(set(three.values())) == 3
        assert two == {name: three[name] for name in ("second", "first")}

    def test_an_address_restores_the_view(self, runs: dict[str, Run]) -> None:
        run, other = runs["quick"], runs["gan-lab"]
        at = open_page(run=run.id, at="50 %", view="walk", z=["7.12", "seed:3"], psi="0.5", beside=other.id)
        given = explorer(at)
        assert given["view"] == "walk"
        assert [shown["where"]["run"] for shown in given["shown"]] == [run.id, other.id]
        assert {shown["where"]["at"] for shown in given["shown"]} == {"50 %"}
        assert (given["state"]["z"][:2], given["state"]["psi"]) == (["7.12", "seed:3"], 0.5)
        assert [station["at"] for station in given["stations"]] == ["0 %", "25 %", "50 %", "75 %", "100 %"]
        assert at.query_params["z"] == ["7.12", "seed:3"]
        for view in ("directions", "plane", "time"):
            assert explorer(open_page(run=run.id, view=view))["view"] == view

    def test_a_percentage_alone_is_a_milestone_too(self, runs: dict[str, Run]) -> None:
        at = open_page(run=runs["quick"].id, at="25")
        assert explorer(at)["shown"][0]["where"]["at"] == "25 %"
        assert at.query_params["at"] in ("25 %", ["25 %"])

    def test_the_last_milestone_comes_first_and_another_is_linked_to(self, runs: dict[str, Run]) -> None:
        run = runs["quick"]
        at = open_page(run=run.id)
        (moments,) = at.segmented_control
        assert moments.options == ["0 %", "25 %", "50 %", "75 %", "100 %"]
        assert explorer(at)["shown"][0]["where"]["at"] == "100 %"
        moments.set_value("0 %").run()
        assert explorer(at)["shown"][0]["where"]["at"] == "0 %"
        assert at.query_params["at"] in ("0 %", ["0 %"])

    def test_a_link_names_the_class_or_the_source_image(self, runs: dict[str, Run]) -> None:
        at = open_page(run=runs["cgan"].id, given="7")
        assert explorer(at)["shown"][0]["where"]["condition"] == 7
        assert at.selectbox(key="latent.class").label == "Class"
        at = open_page(run=runs["pix2pix-edges"].id, given="3")
        given = explorer(at)
        assert given["shown"][0]["where"]["condition"] == 2
        assert not given["hasGallery"]
        assert at.selectbox(key="latent.source").label == "Source image"

    def test_a_link_followed_later_brings_its_z(self, runs: dict[str, Run]) -> None:
        at = open_page(run=runs["quick"].id, z="seed:5")
        first = explorer(at)
        at.run()
        assert explorer(at)["stamp"] == first["stamp"]
        follow(at, z="kept:a seven")
        second = explorer(at)
        assert second["stamp"] > first["stamp"]
        assert second["state"]["z"] == ["kept:a seven", "seed:2", "seed:3", "seed:4"]

    def test_what_is_kept_is_on_offer(self, runs: dict[str, Run]) -> None:
        keep(runs["gan-lab"].folder, "mine", "point", torch.zeros(6))
        keep(runs["gan-lab"].folder, "slant", "direction", torch.ones(6))
        assert explorer(open_page(run=runs["gan-lab"].id))["kept"] == {"point": ["mine"], "direction": ["slant"]}

    def test_missing_weights_are_a_card(self, at_root: Any, root: Path, tmp_path: Path) -> None:
        source = next(path for path in root.iterdir() if path.name.startswith("quick"))
        shutil.copytree(source, tmp_path / source.name)
        for weights in (tmp_path / source.name / "galleries").glob("*.safetensors"):
            weights.unlink()
        at_root(tmp_path)
        at = open_page()
        assert not at.exception
        assert "cannot be read as weights" in at.error[0].value

    def test_a_live_run_shows_its_generator_as_it_is_now(self, at_root: Any, tmp_path: Path) -> None:
        run = at_root(tmp_path).start(tiny("gan-lab", plan="1000000it"))
        deadline = time.monotonic() + RUN_S
        while not run.milestones() and time.monotonic() < deadline:
            time.sleep(0.05)
        at = open_page(run=run.id)
        (moments,) = at.segmented_control
        assert moments.options == ["0 %", "now"]
        moments.set_value("now").run()
        place = Where.model_validate(explorer(at)["shown"][0]["where"])
        assert place.at.startswith("now@")
        before = answer(ask("points", place), place)
        time.sleep(0.3)
        assert torch.equal(answer(ask("points", place), place), before), "a copy stays as it is"
        next(button for button in at.button if button.label == "Copy again").click().run()
        later = Where.model_validate(explorer(at)["shown"][0]["where"])
        assert later.at != place.at
        run.stop()
        assert run.wait(RUN_S)
        at.run()
        assert not at.exception
        assert at.selectbox(key="run").label == "Run :gray[· stopped]"
        assert "now" not in at.segmented_control[0].options


class TestKeeping:
    def test_points_and_directions_are_kept_and_forgotten(self, runs: dict[str, Run]) -> None:
        run = runs["cgan"]
        chosen = Chosen(run, "100 %", 3, Generators(run))
        question = ask("walk", chosen.where, points=("seed:1", "seed:2"), shares=[0.25], truncation=0.5)
        keep_wish(Keep("a way", "point", question.model_dump(), source="a walk"), chosen)
        keep_wish(Keep("slant", "direction", None, of="sefa2"), chosen)
        way, slant = kept(run.folder)
        ends = open_sampler(run).common_latents(1)[0], open_sampler(run).common_latents(2)[0]
        wanted = 0.5 * latents.lerp(*ends, torch.tensor([0.25]))[0]
        torch.testing.assert_close(way.z, wanted)
        assert (way.source, slant.kind) == ("a walk", "direction")
        assert torch.equal(slant.z, chosen.generators.directions("sefa", "100 %", 3).vectors[1])
        keep_wish(Keep("a way", "point", None, forget=True), chosen)
        assert [each.name for each in kept(run.folder)] == ["slant"]
        two = ask("points", chosen.where, points=("1", "2"))
        with pytest.raises(GanCoreError, match="this z cannot be kept"):
            keep_wish(Keep("more", "point", two.model_dump()), chosen)
