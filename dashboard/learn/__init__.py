"""What the Learn page teaches: a Markdown file for each topic and language, and claims with experiments.

`topics.py` reads the files, `claims.py` says what a claim is, `registry.py` lists them all, the `computed_*.py` and
`trained.py` hold the experiments, and `cards.py` draws them.
"""
