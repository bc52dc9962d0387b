"""The bench of samples as training data: the same real images for all, classes from where they may come."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_runs import tiny

from gancore.bench import worth
from gancore.bench.runner import train_all
from gancore.bench.worth import Score, bench_worth, samples_of
from gancore.cli import app
from gancore.errors import ConfigError
from gancore.evaluate.judge_training import fit_network
from gancore.runs import RunManager


def test_a_score_has_its_interval() -> None:
    assert Score((0.9,)).text == "90.00"
    # Student's t of 2 degrees of freedom: 4.303 standard errors of 0.577 each.
    assert Score((0.90, 0.91, 0.92)).text == "91.00 (88.52 to 93.48)"


def test_a_row_for_each_generator_and_number_of_real_images(manager: RunManager, monkeypatch) -> None:
    seen: list[tuple[int, torch.Tensor]] = []

    def remembered(data, images, seed):
        seen.append((len(data.images), data.labels))
        return fit_network(data, images, seed)

    monkeypatch.setattr(worth, "fit_network", remembered)
    runs = train_all(manager, [tiny("gan-simple", "2it"), tiny("cgan", "2it")])
    lines = bench_worth(runs, (20, 40), generated=30, seeds=1, shown=60).splitlines()
    assert [size for size, _ in seen] == [20, 30, 50, 30, 50, 40, 30, 70, 30, 70]
    assert seen[3][1].tolist() == list(range(10)) * 3, (
        "a conditional generator's samples have the classes it was told"
    )
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [row[:3] for row in cells] == [
        ["20", "gan-simple", "the classifier of the real images"],
        ["20", "cgan", "the generator"],
        ["40", "gan-simple", "the classifier of the real images"],
        ["40", "cgan", "the generator"],
    ]
    assert cells[0][3] == cells[1][3], "the real images are the same for both"
    assert all(0 <= float(value) <= 100 for row in cells for value in row[3:])


def test_real_images_alone_are_learned_from(manager: RunManager) -> None:
    (run,) = train_all(manager, [tiny("gan-simple", "2it")])
    table = bench_worth([run], (400,), generated=20, seeds=1, shown=2_400)
    alone = float(table.splitlines()[2].split("|")[4])
    assert alone > 40


def test_samples_are_the_same_for_a_seed(manager: RunManager) -> None:
    (run,) = train_all(manager, [tiny("cgan", "2it")])
    first, again, other = (samples_of(run, 12, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_cannot_be_compared_is_refused(manager: RunManager, tmp_path: Path) -> None:
    dots, (run,) = tiny("ns-gan", "2it", data="ring", latent_dim=2), train_all(manager, [tiny("cgan", "2it")])
    with pytest.raises(ConfigError, match="expected runs on one data set, found digits, ring"):
        bench_worth([run, *train_all(manager, [dots])])
    with pytest.raises(ConfigError, match=r"expected 2 to 1,438 real images of digits, found \(100, 10000\)"):
        bench_worth([run], (100, 10_000))
    with pytest.raises(ConfigError, match="--real: expected numbers with commas between, found 'few'"):
        app(["bench", "worth", "--real", "few", "--runs", str(tmp_path)], standalone_mode=False)
