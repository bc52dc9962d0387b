"""The benches: what they train, what they take as it is, their tables, and how claims are decided."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import tiny

from gancore.bench import claims, modes, quality, shipped, stacked, starters, worth
from gancore.bench.claims import CLAIMS, Claim, bench_claims, rises_then_falls, roughness, same_within
from gancore.bench.report import Spread, machine, markdown, write_section
from gancore.bench.runner import Variant, train_all
from gancore.cli import app
from gancore.data import ImageData
from gancore.data import stacked as stack
from gancore.errors import ConfigError
from gancore.evaluate.evaluate import Evaluation
from gancore.evaluate.metrics import Measurement
from gancore.evaluate.ranking import in_order
from gancore.i18n import _, speaking
from gancore.recipes import PRESETS, RECIPES
from gancore.runs import RunManager
from gancore.sampling import open_sampler

SMALL = "gan-simple generator_widths=8 discriminator_widths=8 batch_size=32"


def test_variants_are_read_from_text() -> None:
    variant = Variant.parse("r3gan packing=4 ema_decay=0.999")
    assert variant == Variant("r3gan", {"packing": "4", "ema_decay": "0.999"})
    assert variant.label == "r3gan packing=4 ema_decay=0.999"
    configs = variant.configs(3, data="ring", plan="10it")
    assert [config.seed for config in configs] == [0, 1, 2]
    assert all((config.settings.packing, config.measure_every) == (4, None) for config in configs)


@pytest.mark.parametrize("text", ["", "r3gan packing", "r3gan =4"])
def test_a_variant_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a preset and NAME=VALUE pairs"):
        Variant.parse(text)


def test_what_is_trained_is_not_trained_again(make_manager: Callable[..., RunManager]) -> None:
    first = train_all(make_manager(), [tiny("gan-simple", "2it", seed=seed) for seed in (0, 1)])
    manager = make_manager()
    again = train_all(manager, [tiny("gan-simple", "2it", seed=seed) for seed in (1, 2, 0)])
    assert [again[0].id, again[2].id] == [first[1].id, first[0].id]
    assert len(manager.runs()) == 3


def test_the_modes_table_holds_the_published_rows_and_ours(manager: RunManager) -> None:
    table = modes.bench_modes(manager, [Variant.parse(SMALL)], 2, "4it")
    lines = table.splitlines()
    assert len(lines) == 2 + len(modes.PUBLISHED) + 1
    assert "23.8 ± 0.7" in table
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells[0] == SMALL
    assert all("±" in cell for cell in cells[1:])


def test_even_triples_have_no_divergence_and_one_alone_has_most() -> None:
    assert stacked.divergence(np.full(1000, 26)) == pytest.approx(0, abs=1e-12)
    one = np.zeros(1000, dtype=int)
    one[7] = 26_000
    assert stacked.divergence(one) == pytest.approx(math.log(1000))
    half = np.repeat([52, 0], 500)
    assert stacked.divergence(half) == pytest.approx(math.log(2))


def test_stacked_digits_are_the_colours_and_the_label() -> None:
    digits = ImageData(
        "tens", torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1).expand(10, 1, 2, 2), torch.arange(10), ()
    )
    triples = stack(digits)
    colors = triples.images[:, :, 0, 0].long()
    assert torch.equal(triples.labels, 100 * colors[:, 0] + 10 * colors[:, 1] + colors[:, 2])
    assert triples.classes[123] == "123"


def test_the_quality_table_is_sorted_and_names_lucics_order(manager: RunManager, monkeypatch) -> None:
    monkeypatch.setattr(quality, "COUNT", 60)
    variants = [Variant.parse(SMALL), Variant.parse("lsgan generator_channels=4 discriminator_channels=4")]
    table = quality.bench_quality(manager, variants, 2, "640img", "digits")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    distances = [float(row[1].split(" ±")[0]) for row in rows]
    assert distances == sorted(distances)
    assert {row[-1] for row in rows} == {"-"}, "Lucic et al. have no digits"
    assert "6.8 ± 0.5" in quality.table([quality.measure(SMALL, manager.runs()[:1])], "mnist", {})


@pytest.mark.usefixtures("mnist")
def test_training_images_are_the_yardstick_where_there_are_test_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "COUNT", 2000)
    assert quality.of_training_images("digits") == {}
    found = quality.of_training_images("mnist")
    assert 1 < found["frechet"] < 6, "an independent draw is near, and not at 0"
    assert found["modes"] == 10
    first = quality.table([], "mnist", found).splitlines()[2]
    assert first.startswith(f"| training images | {found['frechet']:.1f}")


def test_lucic_et_al_are_quoted_beside_recipes_there_are() -> None:
    assert set(quality.LUCIC) <= set(RECIPES)


def measured(preset: str, *distances: float) -> quality.Row:
    """A row of made-up distances."""
    numbers = [
        Measurement(name="frechet", value=value, low=value, high=value, samples=10_000, extractor="judge")
        for value in distances
    ]
    evaluations = tuple(Evaluation.model_construct(measurements=(number,)) for number in numbers)
    return quality.Row(preset, evaluations, 0, Spread((1.0,)))


def test_the_order_is_held_beside_lucics_pair_by_pair() -> None:
    rows = [
        measured("ns-gan", 10, 11, 12),
        measured("lsgan", 5, 6, 7),
        measured("dragan", 10, 11, 12),
        measured("wgan-gp", 90, 91, 92),
        measured("dcgan", 1, 2, 3),
    ]
    said = quality.beside_lucic(rows, "mnist", "640img")
    assert "in Lucic et al.'s order: ns-gan, dragan, lsgan, wgan-gp; in ours: lsgan, ns-gan, dragan, wgan-gp." in said
    assert "Of the 6 pairs, 3 come in their order, 2 in the other, and 1 lie within the noise" in said
    assert "after 640 images" in said
    assert "fewer updates in wgan-gp, whose" in said
    assert quality.beside_lucic(rows, "digits", "640img") == ""
    assert quality.beside_lucic(rows[:1], "mnist", "640img") == ""


def test_columns_keep_their_order_whatever_is_asked(manager: RunManager) -> None:
    table = modes.bench_modes(manager, [Variant.parse(SMALL)], 1, "2it", ["grid", "ring", "ring"])
    assert table.splitlines()[0].index("ring: modes") < table.splitlines()[0].index("grid: modes")


def test_starters_without_a_judge_leave_the_classes_out() -> None:
    assert starters._spread([], "modes", 0) == "-"


def test_every_preset_of_z_is_in_the_quality_bench() -> None:
    left_out = set(PRESETS) - set(quality.image_presets())
    assert {name for name in left_out if not name.startswith("pix2pix")} <= {"quick", "best"}


def test_a_shipped_run_draws_what_the_run_drew(manager: RunManager, tmp_path: Path) -> None:
    (run,) = train_all(manager, [tiny("gan-simple", "4it")])
    shipped.ship(run, tmp_path / "starters" / "quick-digits", "gancore bench")
    packed = RunManager(tmp_path / "starters").get("quick-digits")
    ours, theirs = open_sampler(run), open_sampler(packed)
    difference = ours.images(ours.latents(3, 9)).int() - theirs.images(theirs.latents(3, 9)).int()
    assert difference.abs().max() <= 2, "half precision"
    assert packed.status().state == "finished"
    assert packed.is_shipped
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shipped, "MOST_WEIGHT_BYTES", 10)
        with pytest.raises(Exception, match=r"take [\d,]+ bytes; expected at most 10"):
            shipped.ship(run, tmp_path / "again", "gancore bench")


def test_tables_are_translated_but_documents_are_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(worth, "bench_worth", lambda *_given, **_named: markdown([_(c) for c in worth.HEADING], []))
    monkeypatch.setattr(shipped, "ship_all", lambda _manager, _starters, shelf: shipped.table(shelf))
    monkeypatch.setattr(RunManager, "get", lambda *_given: None)
    document, shelf = tmp_path / "results.md", tmp_path / "shelf"
    shelf.mkdir()
    with speaking("zh_CN"):
        for written in ([], ["--write", str(document)]):
            app(["bench", "worth", *written, "--runs", str(tmp_path), "--run", "x"], standalone_mode=False)
        printed = capsys.readouterr().out.splitlines()
        app(["bench", "shipped", "--shelf", str(shelf)], standalone_mode=False)
    assert printed[0] == "| 真实图像 | 生成器 | 类别来自 | 仅真实图像 | 仅样本 | 两者 |"
    assert printed[2].startswith("| real images | generator | classes from |")
    assert printed[2] in document.read_text(encoding="utf-8")
    assert capsys.readouterr().out.startswith("| 运行 | 家族 | 已训练迭代次数 | 生成器参数量（千） | 质量 | kB |")
    assert "| run | family | iterations trained |" in (shelf / "README.md").read_text(encoding="utf-8")


def test_spreads_and_tables_read_well() -> None:
    assert Spread((1.0, 2.0, 3.0)).text(1) == "2.0 ± 1.0"
    assert Spread((0.98,)).text(1, 100) == "98.0"
    assert markdown(("a", "bb"), [("1", "2")]).splitlines() == ["| a | bb |", "|---|----|", "| 1 | 2  |"]
    assert "torch" in machine()


def test_a_section_is_replaced_in_place(tmp_path: Path) -> None:
    document = tmp_path / "results.md"
    write_section(document, "modes", "first")
    write_section(document, "claims", "second")
    write_section(document, "modes", "third \\1")
    text = document.read_text(encoding="utf-8")
    assert text.startswith("# Results")
    assert "first" not in text
    assert text.index("third \\1") < text.index("second")


def test_a_course_that_rises_and_falls_is_told_from_others() -> None:
    x = np.linspace(0, 1, 2000)
    noise = 0.05 * np.random.default_rng(0).standard_normal(2000)
    assert rises_then_falls(np.sin(np.pi * x) + noise)
    assert not rises_then_falls(x + noise)
    assert not rises_then_falls(-x + noise)
    assert not rises_then_falls(np.interp(x, [0, 0.2, 0.6, 1], [4.9, 1, 5, 4.8]) + noise), "it ends where it started"
    assert not rises_then_falls(noise + np.minimum(x, 0.5))


def test_roughness_has_no_scale() -> None:
    x, noise = np.linspace(0, 1, 5000), np.random.default_rng(0).standard_normal(5000)
    rough, smooth = x + 0.2 * noise, x + 0.02 * noise
    assert roughness(rough) == pytest.approx(roughness(100 * rough - 7))
    assert roughness(rough) == pytest.approx(0.2, rel=0.15)
    assert roughness(smooth) < roughness(rough) / 5


def test_claims_are_reported_with_their_verdict(manager: RunManager) -> None:
    held = Claim("a", "Up is up.", "here", lambda _manager, seeds: (True, f"{seeds} of {seeds}."))
    refuted = Claim("b", "Up is down.", "there", lambda _manager, _seeds: (False, "It is not."))
    open_ = Claim("c", "Up is sideways.", "nowhere", lambda _manager, _seeds: (None, "Who knows?"))
    text = bench_claims(manager, [held, refuted, open_], 3)
    assert text.splitlines() == [
        "- **Up is up.** (here) Holds here. 3 of 3.",
        "- **Up is down.** (there) Does not hold here. It is not.",
        "- **Up is sideways.** (nowhere) Not decided. Who knows?",
    ]
    assert set(CLAIMS) == {"order", "rise", "smooth", "grl", "clear"}


def test_means_are_in_order_only_beyond_the_seeds_noise() -> None:
    low, near, high = (1.0, 1.1, 1.2), (1.1, 1.2, 1.3), (5.0, 5.1, 5.2)
    assert in_order([low, high]) is True
    assert in_order([high, low]) is False
    assert in_order([low, near]) is None
    assert in_order([low, near, high]) is None
    assert in_order([low, near, high, low]) is False
    assert in_order([(1.0,), (5.0,)]) is None, "one seed has no noise to compare with"


def test_means_are_the_same_only_within_the_margin() -> None:
    first, second = (1.0, 1.1, 1.2), (1.1, 1.2, 1.3)
    assert same_within(first, second, 1.0) is True
    assert same_within(first, (5.0, 5.1, 5.2), 1.0) is False
    assert same_within(first, second, 0.15) is None
    assert same_within((1.0, 3.0), (1.5, 9.0), 0.1) is None, "noise is no likeness"


def test_an_experiment_trains_and_decides(manager: RunManager, monkeypatch, mnist: None) -> None:
    def small(manager: RunManager, presets: tuple[str, ...], seeds: int, _plan: str):
        return {name: train_all(manager, [tiny(name, "40it", seed=s) for s in range(seeds)]) for name in presets}

    monkeypatch.setattr(claims, "_train", small)
    holds, sentence = CLAIMS["smooth"].experiment(manager, 2)
    assert holds in (True, False, None)
    assert re.search(r"wgan-lab [\d.]+ ± [\d.]+, dcgan-lab [\d.]+ ± [\d.]+, gan-lab", sentence)
