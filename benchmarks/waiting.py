"""How long OpenMP's threads should spin while they wait: iterations a second alone and in company.

    python benchmarks/waiting.py [--preset gan-deep] [--seconds 4]

gancore sets OMP_WAIT_POLICY=ACTIVE and GOMP_SPINCOUNT=1000 unless the environment says otherwise; this is why.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

POLICIES: dict[str, dict[str, str]] = {
    "torch's default": {},
    "`GOMP_SPINCOUNT=1000`": {"GOMP_SPINCOUNT": "1000"},
    "both: active, 1000 (gancore)": {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "1000"},
    "`OMP_WAIT_POLICY=PASSIVE`": {"OMP_WAIT_POLICY": "PASSIVE"},
}
_BUSY = "while True: pass"
_OTHER_THREAD = (
    "import threading, time\n"
    "work = lambda: (torch.randn(2000, 2000).exp(), time.sleep(600))\n"
    "threading.Thread(target=work, daemon=True).start(); time.sleep(0.5)"
)
"""A thread that has used torch keeps its OpenMP threads: the process then has more of them than there are cores."""


def rate(preset: str, seconds: float, policy: dict[str, str], before: str = "") -> float:
    """Iterations a second of a preset in a process of its own, which runs ``before`` first."""
    script = (
        # torch first, so that gancore's own setting comes too late.
        f"import torch, sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import speed\n{before}\n"
        f"print(speed.Loop({preset!r}, 'float32').run({seconds}))"
    )
    ours = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    environment = {name: value for name, value in os.environ.items() if name not in ours} | policy
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="gan-deep")
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    print(f"{options.preset}, float32, iterations a second\n")
    print("| threads wait | machine idle | after another thread's work | one busy program beside it |")
    print("| --- | ---: | ---: | ---: |")
    for name, policy in POLICIES.items():
        alone = rate(options.preset, options.seconds, policy)
        after = rate(options.preset, options.seconds, policy, _OTHER_THREAD)
        neighbour = subprocess.Popen([sys.executable, "-c", _BUSY])
        try:
            beside = rate(options.preset, options.seconds, policy)
        finally:
            neighbour.kill()
            neighbour.wait()
        print(f"| {name} | {alone:.3g} | {after:.3g} | {beside:.3g} |", flush=True)


if __name__ == "__main__":
    main()
