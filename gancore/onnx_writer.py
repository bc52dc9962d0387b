"""Converts one generator to ONNX in a process of its own: ``python -m gancore.onnx_writer FOLDER``.

While torch's exporter traces, it changes state that all threads share: a run that trained beside it took other
numbers, or failed. So :func:`write_onnx` starts this module again, which imports little, to be ready soon.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from gancore.errors import RunError
from gancore.i18n import _


def write_onnx(generator: nn.Module, inputs: Sequence[Tensor], facts: Mapping[str, str]) -> bytes:
    """A generator as an ONNX model.

    Args:
        generator: on the CPU.
        inputs: what it takes, two of each: latents and, where it is conditional, the condition.
        facts: stored in the model's metadata.

    Returns:
        The file's content, with inputs ``latents`` and perhaps ``condition`` and output ``images``, all with a free
        batch axis.

    Raises:
        RunError: with torch's own reason, when it cannot be converted.
    """
    root = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryDirectory() as folder:
        torch.save((generator, tuple(inputs)), Path(folder) / "generator.pt")
        (Path(folder) / "facts.json").write_text(json.dumps(dict(facts)), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "gancore.onnx_writer", folder],
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or [_("no reason given")])[-1]
            raise RunError(_("the generator cannot be written as ONNX: {reason}", reason=reason))
        return (Path(folder) / "generator.onnx").read_bytes()


def _convert(folder: Path) -> None:
    import onnx

    # The file is write_onnx's own, a moment old: whole modules may be unpickled.
    generator, inputs = torch.load(folder / "generator.pt", weights_only=False)
    program = torch.onnx.export(
        generator.eval(),
        inputs,
        input_names=["latents", "condition"][: len(inputs)],
        output_names=["images"],
        dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs),
        dynamo=True,
        verbose=False,
    )
    if program is None:  # as its type allows; with these arguments it is always one
        raise RuntimeError("torch.onnx.export gave no model")
    model = program.model_proto
    facts: dict[str, str] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    (folder / "generator.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    _convert(Path(sys.argv[1]))
