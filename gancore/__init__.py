"""gancore: trains GANs in background threads and lets you watch.

    from gancore.recipes import configure
    from gancore.runs import RunManager

    manager = RunManager("checkpoints")
    run = manager.start(configure("dcgan", data="digits", plan="3ep"))
    run.wait()
    print(run.status().state, run.galleries()[-1].image)

Modules, in reading order: ``config`` and ``errors``; ``losses``, ``networks``, ``latents``; ``recipes``; ``data``;
``schedule``, ``control``, ``history``, ``checkpoint``; ``trainer``; ``runs``; ``sampling``, ``export``; ``cli``.
The package knows nothing of Streamlit or Plotly.
"""

import os

# Before torch loads OpenMP (libgomp, on Linux): its threads spin for milliseconds while they wait for one another, so
# beside any other busy program each waits for one that has no core. Spinning briefly costs little and mends that;
# benchmarks/waiting.py measures both.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

__version__ = "0.1.0"
