"""How good a run's samples are, in numbers with intervals.

Modules, in reading order: ``judge`` and ``judge_training``, a small classifier of the data set; ``extractors``, what
turns images into features; ``neighbours``, ``bootstrap``, ``reference``, ``metrics`` and ``memorisation``, the
numbers; ``evaluate``, one run; ``ranking``, several. ``discriminators`` are asked about any samples: in
``cross_scores``, read by ``cross_readings``, about every run's, in ``stories`` about one.
"""
