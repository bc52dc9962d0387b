"""What the README shows runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def run(code: str, cwd: Path) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_recipe_is_found_and_trains_once_its_file_is_there(tmp_path: Path) -> None:
    (recipe,) = (block for block in BLOCKS if "RECIPE = " in block)
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "f_gan.py").write_text(recipe, encoding="utf-8")
    # As if the file lay in gancore/recipes: the registry looks through the package's path.
    code = f"""
import importlib.util
spec = importlib.util.find_spec("gancore.recipes")
spec.submodule_search_locations.append({str(extra)!r})
package = importlib.util.module_from_spec(spec)
sys.modules["gancore.recipes"] = package
spec.loader.exec_module(package)
import gancore; gancore.recipes = package
from gancore.runs import RunManager
small = dict(generator_channels=4, discriminator_channels=4, batch_size=8, packing=2)
config = package.configure("f-gan", plan="3it", **small)
run = RunManager("runs").start(config)
run.wait()
print(run.status().state, run.status().message, len(run.galleries()))
"""
    assert run(code, tmp_path).split() == ["finished", "5"]


def test_the_python_example_trains(tmp_path: Path) -> None:
    (example,) = (block for block in BLOCKS if "RunManager(" in block)
    example = example.replace('plan="3ep"', 'plan="2it"').replace('"dcgan"', '"gan-simple"')
    state, loss = run(example, tmp_path).split()
    assert state == "finished"
    assert float(loss) > 0


@pytest.mark.parametrize("path", re.findall(r"\]\((docs/[^)]+)\)", README))
def test_pictures_are_there(path: str) -> None:
    assert (ROOT / path).is_file()
