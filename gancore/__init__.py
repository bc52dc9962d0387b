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
# beside any other busy program each waits for one that has no core; a thousand turns cost little and mend that. With
# more threads than cores, and every thread that has used torch once keeps a set of them, libgomp hardly spins at all
# unless the policy is said to be active. benchmarks/waiting.py measures all of it.
if "OMP_WAIT_POLICY" not in os.environ and "GOMP_SPINCOUNT" not in os.environ:
    os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"] = "ACTIVE", "1000"

__version__ = "0.1.0"
