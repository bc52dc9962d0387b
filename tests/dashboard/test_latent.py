"""The latent-space page: its pictures by hand, then the page on a small trained run."""

from __future__ import annotations

import io
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch import Tensor

from dashboard import engine
from dashboard import latent_walks as walks
from dashboard.latent_walks import Painter
from dashboard.run_picker import run_labels
from gancore import latents
from gancore.recipes import configure
from gancore.runs import RunManager
from gancore.sampling import open_sampler

RUN_S = 120


class HandMade:
    """A sampler whose pixel d is 128 + weight d x z d: 2x2 images of four dimensions."""

    def __init__(self, distribution: str = "normal") -> None:
        self.latent_dim = 4
        self.config = SimpleNamespace(settings=SimpleNamespace(latent_distribution=distribution))
        self.weights = torch.tensor([0.0, 30.0, 10.0, 20.0])
        self.calls = 0
        self.busy = threading.Lock()

    def latents(self, seed: int, count: int = 1) -> Tensor:
        return latents.from_seed(seed, count, 4, self.config.settings.latent_distribution)

    def images(self, z: Tensor, condition: int | None = None) -> Tensor:
        assert condition is None
        assert self.busy.acquire(blocking=False), "two threads at once"
        self.calls += 1
        time.sleep(0.002)
        self.busy.release()
        return (128 + z * self.weights).clamp(0, 255).to(torch.uint8).view(-1, 1, 2, 2)


def painter(distribution: str = "normal") -> Painter:
    return Painter(HandMade(distribution))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two finished runs."""
    folder = tmp_path_factory.mktemp("runs")
    manager = RunManager(folder)
    for preset in ("gan-simple", "gan-deep"):
        run = manager.start(configure(preset, data="digits", plan="8it", latent_dim=12))
        assert run.wait(RUN_S)
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


def pages() -> None:
    import streamlit as st

    from dashboard.run_picker import TRAIN_PAGE

    latent = st.Page(TRAIN_PAGE.with_name("latent.py"), default=True)
    st.navigation([latent, st.Page(TRAIN_PAGE)], position="hidden").run()


def open_page(**state: Any) -> AppTest:
    at = AppTest.from_function(pages, default_timeout=60)
    for key, value in state.items():
        at.session_state[key] = value
    return at.run()


def pictures(at: AppTest) -> list[str]:
    """The images on the page, as their addresses."""
    bodies = [element.proto.body for element in at.get("html")]
    return re.findall(r'src="([^"]+)"', "".join(bodies))


class TestPictures:
    def test_the_ends_of_a_walk_are_the_seeds_own_images(self, root: Path) -> None:
        real = Painter(open_sampler(RunManager(root).runs()[0]))
        start, end = real.latent(3), real.latent(4)
        own = real.images(torch.stack([start, end])).int()
        for path in latents.PATHS:
            frames = real.images(latents.walk(start, end, 7, path)).int()  # type: ignore[arg-type]
            assert frames.shape[0] == 7
            # Sums of another batch size may round differently.
            assert (frames[[0, -1]] - own).abs().max() <= 1
            assert (frames[3] - own[0]).abs().max() > 1

    def test_the_same_z_is_painted_once(self) -> None:
        ours = painter()
        sampler: Any = ours._sampler
        first = ours.images(torch.ones(1, 4))
        assert torch.equal(ours.images(torch.ones(1, 4)), first)
        assert sampler.calls == 1
        for number in range(walks.REMEMBERED + 1):
            ours.images(torch.full((1, 4), float(number + 2)))
        ours.images(torch.ones(1, 4))
        assert sampler.calls == walks.REMEMBERED + 3

    def test_threads_take_turns(self) -> None:
        ours = painter()
        problems: list[BaseException] = []

        def ask(first: int) -> None:
            try:
                for number in range(first, first + 10):
                    ours.images(torch.full((1, 4), float(number)))
            except AssertionError as error:
                problems.append(error)

        threads = [threading.Thread(target=ask, args=(10 * n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems

    def test_effects_by_hand(self) -> None:
        effect = painter().effects(torch.zeros(4))
        # One of four pixels moves by twice the dimension's weight.
        assert effect.tolist() == pytest.approx([0, 60 / 4 / 255, 20 / 4 / 255, 40 / 4 / 255])
        assert walks.ranking(effect) == [1, 3, 2, 0]

    def test_uniform_dimensions_move_to_the_ends_of_their_range(self) -> None:
        z = torch.tensor([0.25, 0.5, 0.75, 0.0])
        assert walks.moved(z, {0: 1.0, 1: -1.0, 2: 0.5}, "uniform").tolist() == [1.0, 0.0, 0.875, 0.0]
        assert torch.equal(walks.moved(z, dict.fromkeys(range(4), 0.0), "uniform"), z)
        effect = painter("uniform").effects(torch.full((4,), 0.5))
        assert effect.tolist() == pytest.approx([0, 15 / 4 / 255, 5 / 4 / 255, 10 / 4 / 255])

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

    def test_a_film_strip_repeats_whole_pixels_and_tells_where_it_is_from(self) -> None:
        ours = painter()
        frames = ours.images(latents.walk(ours.latent(1), ours.latent(2), 5))
        with Image.open(io.BytesIO(walks.strip_png(frames, Seeds="1 2"))) as picture:
            assert picture.size == (5 * 112 + 6 * 4, 112 + 2 * 4)
            assert picture.info["Seeds"] == "1 2"
            first = torch.tensor(list(picture.convert("L").crop((4, 4, 116, 116)).getdata())).view(112, 112)
        assert torch.equal(first, frames[0, 0].long().repeat_interleave(56, 0).repeat_interleave(56, 1))

    def test_a_grid_and_a_single_image(self) -> None:
        ours = painter()
        samples = ours.images(latents.corners(torch.stack([ours.latent(seed) for seed in range(4)]), 5))
        with Image.open(io.BytesIO(walks.grid_png(samples, 5))) as picture:
            assert picture.size == (5 * 84 + 6 * 4,) * 2
        with Image.open(io.BytesIO(walks.single_png(samples[0]))) as picture:
            assert picture.size == (448, 448)

    def test_an_animation_goes_there_and_back(self) -> None:
        ours = painter()
        start, end = torch.full((4,), -4.0), torch.full((4,), 4.0)
        with Image.open(io.BytesIO(walks.walk_gif(ours, start, end, "linear"))) as picture:
            assert picture.n_frames == 2 * walks.GIF_FRAMES - 2  # type: ignore[attr-defined]
            assert picture.size == (224, 224)

    def test_captions_cannot_be_markup(self) -> None:
        image = torch.zeros(1, 2, 2, dtype=torch.uint8)
        body = walks.tiles([(image, "<b>"), (image, "b")], "strip", highlighted=1)
        assert "<b>" not in body
        assert body.count("<img") == 2
        assert body.index('class="here"') > body.index("&lt;b&gt;")

    def test_names_of_dimensions(self) -> None:
        assert walks.z_name(170) == "z₁₇₀"


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
        assert len(at.selectbox(key="run").options) == len(good)

    def test_the_newest_run_comes_first_and_the_url_names_the_choice(self, at_root: Any, root: Path) -> None:
        newest, oldest = (run.id for run in at_root(root).runs())
        at = open_page()
        assert at.selectbox(key="run").value == newest
        assert at.query_params["run"] in (newest, [newest])
        at.selectbox(key="run").select(oldest).run()
        assert at.selectbox(key="run").value == oldest
        assert at.query_params["run"] in (oldest, [oldest])
        at.query_params["run"] = newest
        at.run()
        assert at.selectbox(key="run").value == newest
        at.query_params["run"] = "no-such-run"
        at.run()
        assert at.selectbox(key="run").value == newest
        assert not at.exception

    def test_labels_differ_and_a_new_run_renames_none(self, at_root: Any, root: Path) -> None:
        newest, oldest = at_root(root).runs()
        labels = run_labels([newest, oldest])
        assert re.fullmatch(r"gan-deep · digits · \d+ \w{3} \d\d:\d\d", labels[newest.id])
        same = SimpleNamespace(config=oldest.config, status=oldest.status, folder=oldest.folder)
        runs: Any = [SimpleNamespace(id=name, **vars(same)) for name in ("third", "second", "first")]
        two, three = run_labels(runs[1:]), run_labels(runs)
        assert len(set(three.values())) == 3
        assert two == {name: three[name] for name in ("second", "first")}

    def test_walk(self, at_root: Any, root: Path) -> None:
        at_root(root)
        at = open_page()
        assert not at.exception
        before = pictures(at)
        assert len(before) == 3 + 10
        assert before[0] == before[3]
        assert before[2] == before[-1]
        at.slider(key="latent.position").set_value(0).run()
        moved = pictures(at)
        assert moved[1] == moved[0] != before[1]
        assert moved[3:] == before[3:]
        at.slider(key="latent.steps").set_value(15).run()
        assert len(pictures(at)) == 3 + 15
        at.number_input(key="latent.start").set_value(2).run()
        assert len(set(pictures(at))) == 1
        at.button(key="latent.start.dice").click().run()
        assert len(set(pictures(at))) > 1
        assert not at.exception

    def test_milestones(self, at_root: Any, root: Path) -> None:
        at_root(root)
        at = open_page()
        moments = at.segmented_control(key="at")
        assert moments.options == ["0 %", "25 %", "50 %", "75 %", "100 %"]
        assert moments.value == "100 %"
        trained = pictures(at)
        moments.set_value("0 %").run()
        assert pictures(at) != trained

    def test_directions(self, at_root: Any, root: Path) -> None:
        at_root(root)
        at = open_page(view="Directions")
        assert not at.exception
        sliders = [slider.key for slider in at.slider if str(slider.key).startswith("latent.normal.")]
        assert len(sliders) == 8
        unmoved = pictures(at)
        at.slider(key=sliders[0]).set_value(2.0).run()
        assert all(new != old for new, old in zip(pictures(at), unmoved, strict=True))
        next(button for button in at.button if button.label == "Reset").click().run()
        assert pictures(at) == unmoved
        at.segmented_control(key="latent.choice").set_value("My choice").run()
        at.multiselect[0].set_value([4, 2, 7]).run()
        assert [s.key for s in at.slider] == ["latent.normal.4", "latent.normal.2", "latent.normal.7"]
        assert not at.exception

    def test_four_corners(self, at_root: Any, root: Path) -> None:
        at_root(root)
        at = open_page(view="Four corners")
        assert not at.exception
        before = pictures(at)
        assert len(before) == 1
        at.slider(key="latent.side").set_value(5).run()
        assert pictures(at) != before
        assert any("5 by 5 images between the seeds 1, 2, 3, 4" in item.proto.body for item in at.get("html"))

    def test_missing_weights_are_a_card(self, at_root: Any, root: Path, tmp_path: Path) -> None:
        source = next(iter(root.iterdir()))
        shutil.copytree(source, tmp_path / source.name)
        for weights in (tmp_path / source.name / "galleries").glob("*.safetensors"):
            weights.unlink()
        at_root(tmp_path)
        at = open_page()
        assert not at.exception
        assert "cannot be read as weights" in at.error[0].value

    def test_a_live_run_shows_its_generator_as_it_is_now(self, at_root: Any, root: Path, tmp_path: Path) -> None:
        shutil.copytree(next(iter(root.iterdir())), tmp_path / "gan-simple-digits-20990101-000000")
        run = at_root(tmp_path).start(configure("gan-simple", data="digits", plan="1000000it"))
        deadline = time.monotonic() + RUN_S
        while not run.milestones() and time.monotonic() < deadline:
            time.sleep(0.05)
        at = open_page()
        at.selectbox(key="run").select(run.id).run()
        assert at.segmented_control(key="at").options == ["0 %", "now"]
        at.segmented_control(key="at").set_value("now").run()
        assert not at.exception
        now = pictures(at)
        at.slider(key="latent.position").set_value(51).run()
        assert pictures(at)[3:] == now[3:]
        time.sleep(0.5)
        next(button for button in at.button if button.label == "Copy again").click().run()
        assert pictures(at)[3:] != now[3:]
        run.stop()
        assert run.wait(RUN_S)
        at.run()
        assert not at.exception
        assert at.selectbox(key="run").value == run.id
        assert at.selectbox(key="run").label == "Run :gray[· stopped]"
        assert "now" not in at.segmented_control(key="at").options
