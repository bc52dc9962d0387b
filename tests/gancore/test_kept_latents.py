"""Named latents and directions are kept with the run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError, ConfigError
from gancore.kept_latents import FILE, forget, keep, kept


def test_what_is_kept_comes_back_by_kind_and_a_name_stands_for_one_of_each(tmp_path: Path) -> None:
    folder, z = RunFolder(tmp_path), torch.randn(4)
    keep(folder, " a seven ", "point", torch.zeros(4))
    keep(folder, "slant", "direction", torch.ones(4) / 2, "factorisation")
    keep(folder, "a seven", "point", z, "seed 3")
    assert [(each.name, each.source) for each in kept(folder)] == [("slant", "factorisation"), ("a seven", "seed 3")]
    (point,) = kept(folder, "point")
    assert torch.equal(point.z, z)
    forget(folder, "a seven", "point")
    assert [each.name for each in kept(folder)] == ["slant"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_name_has_to_be_readable(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="expected a name of 1 to 80 characters"):
        keep(RunFolder(tmp_path), name, "point", torch.zeros(2))
    assert kept(RunFolder(tmp_path)) == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[{}]")
    with pytest.raises(CheckpointError, match=r"latents\.json cannot be read"):
        kept(RunFolder(tmp_path))
