"""A run's networks on its card: the drawing's numbers and markup, and when anything is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tiny_runs import tiny

from dashboard import engine, network_card
from dashboard.network_drawing import Scale, badge, drawing, number, readings_of
from gancore.anatomy import Anatomy, Layer, Network, Values
from gancore.run import Run
from gancore.runs import RunManager

HOME = Path(__file__).resolve().parents[2] / "dashboard" / "home.py"
RUN_S = 60
ONE = Values(0.0, 1.0, -3.0, 3.0)
LINEAR = Layer("Linear 2 → 3", "0", "", (3,), 9, ONE, ONE, gradient_length=0.1)
RELU = Layer("ReLU", "1", "", (3,), 0, None, ONE, dead=0.75, gradient_length=0.01, verdict="dead")
GENERATOR = Network("generator", (LINEAR, RELU), 9, 0.01)
CRITIC = Network("critic", (replace(LINEAR, name="<b>", part="to_half", gradient_length=1e-4),), 9, 0.1)
ANATOMY = Anatomy("a-run", 12, GENERATOR, CRITIC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0.0, "0"),
        (0.9996, "1.0"),
        (-0.058, "−0.058"),
        (0.001, "0.0010"),
        (0.00058, "5.8·10⁻⁴"),
        (12.4, "12"),
        (1234.0, "1,200"),
        (12345.0, "1.2·10⁴"),
    ],
)
def test_numbers_have_two_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_scale_spans_whole_powers_of_ten() -> None:
    scale = Scale.over([0.02, None, 3.0, 0.0])
    assert (scale.low, scale.high, scale.ends) == (-2, 1, "10⁻² to 10¹")
    assert [scale.share(value) for value in (0.01, 0.1, 10.0, 0.0)] == pytest.approx([0, 1 / 3, 1, 0])
    assert Scale.over([1.0]) == Scale(0, 1)
    assert Scale.over([]) == Scale(-1, 0)


def test_a_badge_has_the_number_behind_its_verdict() -> None:
    faint = replace(LINEAR, verdict="vanishing", gradient_length=0.01 / 4_321)
    assert badge(LINEAR, GENERATOR) == ""
    assert badge(RELU, GENERATOR) == "dead 75 %"
    assert badge(replace(RELU, verdict="saturated", saturated=0.999), GENERATOR) == "saturated 100 %"
    assert badge(faint, GENERATOR) == "vanishing 1/4,300"
    assert badge(replace(faint, gradient_length=0.0), GENERATOR) == "vanishing"
    assert badge(replace(LINEAR, verdict="large", gradient_length=20.0), GENERATOR) == "large 2,000×"
    loud = replace(LINEAR, verdict="large", activations=Values(300.0, 400.0, 0.0, 900.0))
    assert badge(loud, GENERATOR) == "large, RMS 500"


def test_words_say_only_what_was_measured() -> None:
    assert readings_of(ANATOMY) == [
        "Gradients fall 1,000-fold from the last to the first layer of the critic.",
    ]
    sound = Anatomy("a-run", 12, Network("generator", (LINEAR,), 9, 0.1), Network("critic", (LINEAR,), 9, 0.1))
    assert readings_of(sound) == ["No layer is dead, saturated, vanishing or large."]
    assert readings_of(replace(sound, unmeasured="the images are gone")) == []


class Tags(HTMLParser):
    """Every start tag with its attributes; fails where an end tag does not fit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def count(self, tag: str, **attributes: str) -> int:
        return sum(name == tag and attributes.items() <= found.items() for name, found in self.seen)


@pytest.mark.parametrize(("every_number", "columns"), [(False, 5), (True, 13)])
def test_the_drawing_is_a_table_that_can_be_read_aloud(every_number: bool, columns: int) -> None:
    text = drawing(ANATOMY, every_number)
    tags = Tags(text)
    assert tags.count("table") == tags.count("caption") == 2
    assert tags.count("th", scope="col") == 2 * columns
    assert tags.count("th", scope="row") == 3
    assert tags.count("td") == 3 * (columns - 1)
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert "to half" in text


def test_bars_of_both_networks_share_their_scales() -> None:
    shares = [float(share) for share in re.findall(r"--share:([\d.]+)", drawing(ANATOMY))]
    # Activations of 1 on 10⁰ to 10¹; gradients of 0.1, 0.01 and 0.0001 on 10⁻⁴ to 10⁻¹.
    assert shares == pytest.approx([0, 1, 0, 2 / 3, 0, 0], abs=1e-3)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A run that has ended, in the manager that the pages see."""
    monkeypatch.setenv("GANSCOPE_RUNS", str(tmp_path / "runs"))
    engine.manager.cache_clear()
    manager: RunManager = engine.manager()
    run = manager.start(tiny("gan-lab", plan="4it"))
    assert run.wait(RUN_S)
    yield run
    engine.shutdown()
    engine.manager.cache_clear()


def opened(run: Run) -> AppTest:
    app = AppTest.from_file(HOME, default_timeout=RUN_S)
    app.switch_page("views/runs.py")
    app.query_params["run"] = run.id
    return without_error(app.run())


def without_error(app: AppTest) -> AppTest:
    assert [error.value for error in app.exception] == []
    return app


def drawn(app: AppTest) -> list[str]:
    return [found.proto.body for found in app.get("html") if 'class="networks"' in found.proto.body]


def test_nothing_is_computed_before_it_is_asked_for_and_then_it_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    examine = network_card.examine
    monkeypatch.setattr(network_card, "examine", lambda run, *rest: calls.append(run.id) or examine(run, *rest))
    app = opened(run)
    assert (drawn(app), calls) == ([], [])
    without_error(app.button(key=f"snapshot-{run.id}").click().run())
    first = drawn(app)
    assert (len(first), calls) == (1, [run.id])
    without_error(app.run())
    assert (drawn(app), calls) == (first, [run.id])
    without_error(app.toggle(key=f"every-number-{run.id}").set_value(True).run())
    assert "Weight gradient, RMS" in drawn(app)[0]
    assert calls == [run.id]


def test_what_goes_wrong_is_one_sentence_that_stays(run: Run) -> None:
    for path in run.folder.checkpoints():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    app = opened(run)
    app.button(key=f"snapshot-{run.id}").click().run()
    for _ in range(2):
        assert [error.value for error in app.error] == [f"Run {run.id} keeps no checkpoint with both networks."]
        assert drawn(app) == []
        without_error(app.run())
