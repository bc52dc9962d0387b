"""How OpenMP's threads wait is decided before torch loads them, and left alone where somebody has decided."""

import os
import subprocess
import sys

import pytest

VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def decided(module: str, **given: str) -> list[str]:
    """The variables as they are when a fresh process's ``import module`` first reaches torch."""
    script = (
        "import builtins, os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch':\n"
        f"            print(*(os.environ.get(name, '-') for name in {VARIABLES!r}), flush=True)\n"
        "            os._exit(0)\n"
        "sys.meta_path.insert(0, Watch())\n"
        f"import {module}\n"
    )
    rest = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", script], env=rest | given, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


@pytest.mark.parametrize("module", ["gancore.devices", "gancore.runs", "dashboard.engine"])
def test_threads_wait_briefly_but_awake(module: str) -> None:
    assert decided(module) == ["ACTIVE", "1000"]


@pytest.mark.parametrize("name", VARIABLES)
def test_what_the_environment_says_stays(name: str) -> None:
    other = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "77"}[name]
    expected = [other if variable == name else "-" for variable in VARIABLES]
    assert decided("gancore.devices", **{name: other}) == expected
