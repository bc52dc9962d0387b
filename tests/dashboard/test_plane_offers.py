"""The Plane page without a browser: what it offers, starts and says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from tiny_runs import tiny

from dashboard import drawings, engine
from gancore.errors import RunError
from gancore.run import Run
from gancore.runs import RunManager

HOME = Path(__file__).resolve().parents[2] / "dashboard" / "home.py"
RUN_S = 60

Open = Callable[[], AppTest]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunManager]:
    """The manager the page sees, on an empty folder, with no drawings."""
    monkeypatch.setenv("GANSCOPE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path / "data"))
    engine.manager.cache_clear()
    yield engine.manager()
    engine.shutdown()
    engine.manager.cache_clear()


@pytest.fixture
def open_page(runs: RunManager) -> Open:
    """A function that opens the page."""

    def show() -> AppTest:
        app = AppTest.from_file(HOME, default_timeout=RUN_S)
        app.switch_page("views/plane.py")
        return without_error(app.run())

    return show


def without_error(app: AppTest) -> AppTest:
    assert [error.value for error in app.exception] == []
    return app


def said(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.error]
    return "\n".join(str(part.value) for part in parts)


def planar(runs: RunManager, preset: str = "ns-gan", data: str = "ring", **settings: object) -> Run:
    run = runs.start(tiny(preset, data=data, **{"plan": "4it", "latent_dim": 2, **settings}))
    assert run.wait(RUN_S)
    return run


def start(app: AppTest) -> AppTest:
    return without_error(app.button(key="plane-start").click().run())


def test_the_first_visit_offers_the_ring_and_one_preset(open_page: Open) -> None:
    app = open_page()
    assert "Nothing in the plane yet" in said(app)
    presets = next(group for group in app.button_group if group.label == "Presets")
    assert presets.value == ["ns-gan"]
    assert "dcgan" not in presets.options
    assert not app.button(key="plane-start").disabled


def test_a_run_is_started_with_what_was_entered(open_page: Open, runs: RunManager) -> None:
    app = open_page()
    without_error(app.text_input(key="plane.plan").set_value("3it").run())
    without_error(app.text_input(key="plane.ns-gan.learning_rate").set_value("0.003").run())
    start(app)
    (run,) = runs.runs()
    assert run.wait(RUN_S)
    config = run.config
    assert (config.data, str(config.plan), config.precision) == ("ring", "3it", "float32")
    assert (config.settings.learning_rate, config.settings.latent_dim) == (0.003, 2)
    without_error(app.run())
    assert "modes found" in said(app)
    assert app.multiselect(key="plane.runs").value == [run.id]


def test_a_bad_length_is_explained_and_cannot_be_started(open_page: Open) -> None:
    app = open_page()
    without_error(app.text_input(key="plane.plan").set_value("soon").run())
    assert "Expected a length such as 3ep" in said(app)
    assert app.button(key="plane-start").disabled


def test_ended_runs_of_points_can_be_chosen_again(open_page: Open, runs: RunManager) -> None:
    pictures = runs.start(tiny("gan-lab", plan="2it"))
    assert pictures.wait(RUN_S)
    old, middle, new = planar(runs, seed=1), planar(runs, "wgan-gp", data="moons"), planar(runs, "cgan", seed=3)
    app = open_page()
    choice = app.multiselect(key="plane.runs")
    newest = [run.id for run in runs.runs() if run.id != pictures.id]
    assert set(newest) == {old.id, middle.id, new.id}
    assert choice.options == newest
    assert choice.value == newest[:2]
    without_error(choice.set_value([old.id, new.id]).run())
    assert app.query_params["runs"] == [old.id, new.id], "so that the address can be handed on"
    assert app.selectbox(key=f"class-{new.id}").value == 0, "of the one that is told a label"
    without_error(app.selectbox(key=f"class-{new.id}").set_value(5).run())
    without_error(app.multiselect(key="plane.runs").set_value([]).run())
    assert "Choose up to 4 runs" in said(app)


def test_a_run_without_a_checkpoint_or_data_says_so(open_page: Open, runs: RunManager) -> None:
    run = planar(runs)
    for checkpoint in run.folder.checkpoints():
        checkpoint.rename(run.folder.path / f"gone-{checkpoint.name}")
    app = open_page()
    assert f"Run {run.id} has no checkpoint whose plane could be shown." in said(app)


def test_a_drawing_is_offered_and_its_loss_is_said(open_page: Open, runs: RunManager) -> None:
    saved = drawings.save_points("heart", np.random.default_rng(0).normal(size=(60, 2)))
    run = planar(runs, data=str(saved))
    app = open_page()
    assert any("heart" in option for group in app.button_group for option in group.options)
    assert "heart · seed 0" in said(app)
    saved.unlink()
    without_error(app.run())
    assert "There is no data set or folder" in said(app)
    assert run.status().state == "finished"


def test_draw_your_own_waits_for_points(open_page: Open) -> None:
    app = open_page()
    without_error(next(group for group in app.button_group if group.label == "Data").set_value("draw").run())
    assert app.button(key="plane-save").disabled
    assert app.button(key="plane-start").disabled


def test_a_view_stays_while_a_busy_machine_gives_no_other(
    runs: RunManager, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.start(tiny("ns-gan", data="ring", plan="1000000it", latent_dim=2))
    page = open_page()
    for _try in range(RUN_S):  # it may still be loading its data
        if views(page):
            break
        page.run()
    assert views(page)
    run.pause()

    def too_late(*_args: object, **_settings: object) -> None:
        raise RunError("no view within 2 s")

    monkeypatch.setattr(Run, "look", too_late)
    assert views(without_error(page.run()))
    assert "loading the data" not in said(page)
    assert not views(open_page()), "another visitor has seen none"
    run.stop()
    assert run.wait(RUN_S)


def views(page: AppTest) -> list[object]:
    return [part for part in page.get("bidi_component") if part.proto.component_name.endswith("ganscope_plane_view")]
