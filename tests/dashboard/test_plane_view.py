"""What a view of the plane sends to the browser, and what a drawing sends back."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import tiny

from dashboard import drawings
from dashboard.plane_card import paced_status
from dashboard.plane_view import LAYERS, describe
from dashboard.plane_view.board import STEPS, decode
from dashboard.plane_view.pack import REACH, pack_view
from gancore import data
from gancore.errors import DataError
from gancore.plane import PlaneView, look
from gancore.players import build_players
from gancore.points import make_points
from gancore.status import RunState, Status


def view(preset: str = "ns-gan", name: str = "ring") -> PlaneView:
    config, dataset = tiny(preset, data=name, latent_dim=2), make_points(name)
    players = build_players(config, dataset.shape, torch.device("cpu"), "float32", len(dataset.classes))
    return look(players, config, dataset, 1234)


def pack(shown: PlaneView, **options: Any) -> dict[str, Any]:
    """As the browser receives it: through JSON, which knows neither nan nor infinity."""
    packed = pack_view(shown, **{"key": "k", "layers": LAYERS, **options})
    found: dict[str, Any] = json.loads(json.dumps(packed, allow_nan=False))
    return found


def numbers(text: str, dtype: str = "<i2") -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def test_positions_and_colours_survive_the_way_to_the_browser() -> None:
    shown = view()
    packed = pack(shown)
    fake = numbers(packed["fake"]).reshape(-1, 2) / 32767 * packed["reach"] * packed["radius"]
    assert np.allclose(fake, shown.fake.numpy(), atol=REACH * shown.radius / 32767)
    field = numbers(packed["field"], "u1").astype(float)
    assert np.allclose(0.5 + (field - 128) / 127 / 2, shown.field.numpy().ravel(), atol=1 / 127)
    assert packed["manifoldSides"] == [21, 21]
    assert len(numbers(packed["manifold"])) == 2 * 21 * 21
    assert len(packed["modes"]) == len(packed["covered"]) == 8
    assert len(json.dumps(packed)) < 40_000, "three times a second"


@pytest.mark.parametrize("preset", ["ns-gan", "wgan-gp"])
def test_what_is_not_finite_is_left_out(preset: str) -> None:
    config, dataset = tiny(preset, data="ring", latent_dim=2), make_points("ring")
    players = build_players(config, dataset.shape, torch.device("cpu"), "float32")
    for weight in [*players.generator.parameters(), *players.discriminator.parameters()]:
        weight.data.fill_(math.nan)
    packed = pack(look(players, config, dataset, 0))
    assert set(numbers(packed["fake"])) == {-32768}
    assert set(numbers(packed["field"], "u1")) == {0}
    assert packed["covered"] == [False] * 8


def test_a_critics_middle_is_neutral() -> None:
    shown = view("wgan-gp", "moons")
    assert shown.field_kind == "score"
    packed = pack(shown)
    low, middle, high = packed["fieldLimits"]
    field = numbers(packed["field"], "u1").astype(float)
    expected = np.clip(shown.field.numpy().ravel(), low, high)
    assert np.allclose(middle + (field - 128) / 127 * (high - middle), expected, atol=(high - low) / 127)
    assert packed["modes"] == []
    assert packed["covered"] is None


def test_the_view_is_told_in_words() -> None:
    said = describe(view(), "ns-gan on Ring of 8")
    assert said.startswith("ns-gan on Ring of 8 at iteration 1,234: 0 of 8 modes covered, 0 % of the samples")
    assert describe(view("wgan-gp", "spiral")) == "The plane at iteration 1,234: the critic's score is shown."


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected layers among field, real, .*, found fields"):
        pack(view(), layers=["fields"])


def test_slow_motion_is_told_as_it_is_watched() -> None:
    status = Status(state=RunState.RUNNING, iteration=10, progress=0.1, iterations_per_s=200.0, eta_s=0.5)
    slow = paced_status(status, 2.0)
    assert (slow.iterations_per_s, slow.eta_s) == (2.0, pytest.approx(45.0))
    assert paced_status(status, None) is status
    ended = status.model_copy(update={"state": RunState.FINISHED})
    assert paced_status(ended, 2.0) is ended
    assert paced_status(Status(state=RunState.RUNNING), 2.0).eta_s is None


def test_painted_points_come_back_from_the_browser() -> None:
    steps = np.array([[0, 0], [STEPS, -STEPS], [100, 7]], dtype="<i2")
    sent = base64.b64encode(steps.tobytes()).decode()
    assert np.allclose(decode(sent), steps / STEPS)
    for nonsense in ("", None, "!", base64.b64encode(b"abc").decode()):
        assert decode(nonsense).shape == (0, 2)


def test_a_drawing_is_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path))
    assert drawings.drawings() == []
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    first, second = (drawings.save_points("My heart / 2", points) for _ in range(2))
    assert (first.name, second.name) == ("My-heart-2.csv", "My-heart-2-2.csv")
    assert drawings.drawings() == sorted([first, second])
    loaded = data.load(str(first))
    assert loaded.samples.shape == (50, 2)
    assert drawings.save_file("../etc.csv", first.read_bytes()).parent == drawings.folder()
    assert drawings.save_points("  ", points).name == "drawing.csv"


@pytest.mark.parametrize("content", [b"", b"1,2\n", b"not numbers", b"\xff\xfe\x00", b"1,2,3\n" * 20, b"1,2\n" * 20])
def test_what_is_no_drawing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"^odd\.csv (holds|cannot be read)"):
        drawings.save_file("odd.csv", content)
    assert drawings.drawings() == []
