"""Whether an unpacked run's files are what they should be: each that the program will read is read once, safely."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from safetensors import safe_open

from gancore.checkpoint import DAMAGE, RunFolder
from gancore.errors import CheckpointError
from gancore.history import read_history
from gancore.i18n import _
from gancore.kept_latents import kept
from gancore.library import FILE as LABELS_FILE
from gancore.library import Labels
from gancore.live_quality import read_quality
from gancore.player_files import STATE_FILE, read_state

MOST_PIXELS = 2**24
"""Of a picture: four times the largest gallery's, 16 by 16 images of 128 by 128."""
_CHECKPOINT_FILES = {"generator.safetensors", "discriminator.safetensors", STATE_FILE}


def check_contents(folder: RunFolder) -> None:
    """Read everything of a run's folder that pages and commands will read.

    Raises:
        CheckpointError: for the first file that is missing, damaged, leads out of the folder, or is not plain data.
    """
    folder.read_config()
    folder.stored_status()
    folder.read_resolved()
    folder.changes()
    folder.parent()
    kept(folder)
    read_quality(folder)
    if (folder.path / LABELS_FILE).is_file():
        try:
            Labels.model_validate_json((folder.path / LABELS_FILE).read_bytes())
        except ValueError as error:
            raise CheckpointError(_("{path} is damaged", path=folder.path / LABELS_FILE)) from error
    _check_galleries(folder)
    for path in sorted(folder.path.rglob("*")):
        if path.is_file():
            _check_file(folder, path)
    for path in folder.checkpoints():
        if missing := _CHECKPOINT_FILES - {file.name for file in path.iterdir()}:
            raise CheckpointError(_("{path} lacks {file}", path=path, file=min(missing)))


def _check_galleries(folder: RunFolder) -> None:
    """The index may name files of the run's own galleries only."""
    for gallery in folder.galleries():
        for name in filter(None, (gallery.image, gallery.weights)):
            parts = Path(name).parts
            if len(parts) != 2 or parts[0] != "galleries" or ".." in parts or not (folder.path / name).is_file():
                raise CheckpointError(
                    _("{path} names {file!r}, which is not among the run's galleries",
                      path=folder.path / "galleries.json", file=name[:120])
                )  # fmt: skip


def _check_file(folder: RunFolder, path: Path) -> None:
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt"):
                pass
        elif path.suffix == ".arrow":
            read_history(path)
        elif path.suffix == ".png":
            with Image.open(path) as image:
                if image.format != "PNG" or image.width * image.height > MOST_PIXELS:
                    raise CheckpointError(_("{path} is not a picture of a run", path=path))
        elif path.suffix == ".pt":
            if path.name != STATE_FILE or path.parent not in folder.checkpoints():
                raise CheckpointError(_("{path} is a pickle that no run has", path=path))
            read_state(path.parent)
    except CheckpointError:
        raise
    except (*DAMAGE, Image.DecompressionBombError, TypeError, IndexError, AttributeError) as error:
        if path.name == STATE_FILE:
            raise CheckpointError(
                _("{path} holds more than numbers, or is damaged; it is not opened, as it could run code", path=path)
            ) from error
        raise CheckpointError(_("{path} is damaged: {reason}", path=path, reason=error)) from error
