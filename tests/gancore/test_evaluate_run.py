"""Evaluating runs: what is stored, when it is stale, the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from tiny_runs import tiny

from gancore.errors import ConfigError, RunError
from gancore.evaluate import evaluate as module
from gancore.evaluate.evaluate import FILE, Evaluation, evaluate_run, stored_evaluation, stored_evaluations
from gancore.evaluate.metrics import METRICS
from gancore.evaluate.pairs import pair_images
from gancore.run import Run
from gancore.runs import RunManager

Call = Callable[..., tuple[int, str, str]]
COUNT = 60
OF_POINTS = ["wasserstein", "mixture_modes", "high_quality"]
OF_IMAGES = [name for name in METRICS if name not in OF_POINTS]


def train(manager: RunManager, **overrides: object) -> Run:
    run = manager.start(tiny(**{"preset": "gan-simple", "plan": "2it", **overrides}))  # type: ignore[arg-type]
    assert run.wait(60)
    return run


@pytest.fixture
def run(manager: RunManager) -> Run:
    return train(manager)


def test_an_evaluation_names_all_it_depends_on(run: Run) -> None:
    told: list[str] = []
    found = evaluate_run(run, COUNT, seed=3, progress=told.append)
    assert (found.run, found.preset, found.data) == (run.id, "gan-simple", "digits")
    assert (found.iteration, found.percent, found.count, found.seed) == (2, 100, COUNT, 3)
    assert found.extractor.startswith("judge-digits-")
    assert found.extractor_accuracy is not None
    assert found.extractor_accuracy > 0.98
    assert (found.reference, found.reference_size) == ("all", 1797)
    assert [measurement.name for measurement in found.measurements] == OF_IMAGES
    assert all(m.low <= m.value <= m.high for m in found.measurements)
    assert [share.name for share in found.classes] == [str(digit) for digit in range(10)]
    assert sum(share.samples for share in found.classes) == pytest.approx(1)
    assert sum(share.data for share in found.classes) == pytest.approx(1)
    assert told


def test_an_evaluation_is_kept_in_the_runs_folder_and_read_back(run: Run) -> None:
    found = evaluate_run(run, COUNT)
    assert stored_evaluation(run) == found
    assert stored_evaluation(run, count=COUNT) == found
    assert json.loads((run.folder.path / FILE).read_text())[0]["run"] == run.id
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


def test_the_same_seed_gives_the_same_numbers_and_another_others(run: Run) -> None:
    assert evaluate_run(run, COUNT) == evaluate_run(run, COUNT)
    assert evaluate_run(run, COUNT, seed=1).measurements != evaluate_run(run, COUNT).measurements


def test_milestones_are_kept_beside_one_another(run: Run) -> None:
    start, end = evaluate_run(run, COUNT, at=0), evaluate_run(run, COUNT)
    assert (start.iteration, end.iteration) == (0, 2)
    assert stored_evaluations(run) == [start, end]
    assert stored_evaluation(run, at=0) == start


def test_a_longer_trained_run_and_another_count_or_judge_make_an_evaluation_stale(
    run: Run, manager: RunManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate_run(run, COUNT)
    assert stored_evaluation(run, count=COUNT + 1) is None
    monkeypatch.setattr(module, "extractor_for", lambda *_: type("Other", (), {"name": "judge-other"}))
    assert stored_evaluation(run) is None
    monkeypatch.undo()
    assert stored_evaluation(run) is not None
    longer = manager.resume(run.id, tiny("gan-simple", "4it").plan)
    assert longer.wait(60)
    assert stored_evaluation(longer) is None


def test_a_damaged_file_counts_as_none(run: Run) -> None:
    (run.folder.path / FILE).write_text("{")
    assert stored_evaluations(run) == []
    assert stored_evaluation(run) is None
    evaluate_run(run, COUNT)
    assert stored_evaluation(run) is not None


def test_runs_of_one_variant_differ_in_their_seed_only(manager: RunManager) -> None:
    first, second, other = (
        evaluate_run(train(manager, **settings), COUNT) for settings in ({}, {"seed": 1}, {"latent_dim": 9})
    )
    assert first.variant == second.variant != other.variant
    assert (first.train_seed, second.train_seed) == (0, 1)


def test_a_folder_without_classes_is_looked_at_through_a_random_network(manager: RunManager, tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    (tmp_path / "pictures").mkdir()
    for number in range(60):
        pixels = torch.randint(0, 256, (16, 16, 3), generator=draw, dtype=torch.uint8).numpy()
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{number}.png")
    found = evaluate_run(train(manager, data=str(tmp_path / "pictures"), image_size=16), COUNT)
    assert found.extractor == "random-3x16x16"
    assert found.extractor_accuracy is None
    assert found.classes == ()
    assert found.measurement("modes") is None
    assert found.measurement("frechet") is not None


def test_points_are_their_own_features(manager: RunManager) -> None:
    run = train(manager, preset="ns-gan", data="ring")
    found = evaluate_run(run)
    assert (found.extractor, found.extractor_accuracy, found.reference) == ("coordinates", None, "all")
    assert found.count == 2500, "as in PacGAN"
    assert [measurement.name for measurement in found.measurements] == OF_POINTS
    assert all(m.low <= m.value <= m.high for m in found.measurements)
    assert found.memorisation is None
    assert stored_evaluation(run) == found
    curve = evaluate_run(train(manager, preset="ns-gan", data="moons"), COUNT)
    assert [measurement.name for measurement in curve.measurements] == ["wasserstein"]
    with pytest.raises(RunError, match="not looked at for copies"):
        pair_images(run, found)


def test_runs_on_points_are_ranked_by_their_distance(manager: RunManager, gancore: Call) -> None:
    ids = [train(manager, preset="ns-gan", data="ring", seed=seed).id for seed in (0, 1)]
    status, out, _err = gancore("evaluate", *ids, "--count", COUNT, "--runs", manager.root)
    assert status == 0
    assert "60 samples each against 60 points of ring; 95 % intervals" in out
    assert "Sliced Wasserstein distance: " in out
    assert "training image" not in out


@pytest.mark.parametrize("count", [0, 49, 1_000_000])
def test_a_count_out_of_range_is_refused(run: Run, count: int) -> None:
    with pytest.raises(ConfigError, match=r"count: expected 50 to 50,000 samples, found"):
        evaluate_run(run, count)


def test_a_milestone_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(RunError, match="no milestone at 33 %"):
        evaluate_run(run, COUNT, at=33)


def test_the_command_prints_a_table_a_ranking_and_verdicts(run: Run, manager: RunManager, gancore: Call) -> None:
    second = train(manager, seed=1)
    arguments = ("evaluate", run.id, second.id, "--count", COUNT, "--runs", manager.root)
    status, out, err = gancore(*arguments)
    assert status == 0
    assert "60 samples each against 1,797 images (all it has) of digits" in out
    assert all(METRICS[name].title in out for name in OF_IMAGES)
    assert "95 % interval of the difference" in out
    assert "2 seeds: mean" in out
    assert "drawing 60 samples" in err
    status, out, _err = gancore(*arguments, "--json")
    assert status == 0
    listed = json.loads(out)
    assert [entry["run"] for entry in listed] == [run.id, second.id]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("no-such-run",), "there is no run 'no-such-run'"),
        (("{run}", "--count", "3"), "expected 50 to 50,000 samples, found 3"),
        (("{run}", "--at", "33"), "no milestone at 33 %"),
        (("{run}", "--by", "beauty"), "expected a metric to rank by"),
        (("{run}", "--by", "copies"), "expected a metric to rank by"),
        (("{run}", "--seed", "-1"), "--seed: expected 0 or more, found -1"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, gancore: Call, arguments: tuple[str, ...], sentence: str) -> None:
    filled = [argument.format(run=run.id) for argument in arguments]
    status, out, err = gancore("evaluate", *filled, "--runs", run.folder.path.parent)
    assert status == 2
    assert out == ""
    assert sentence in err
    assert len([line for line in err.splitlines() if line.startswith("gancore: ")]) == 1
