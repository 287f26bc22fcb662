"""What a release is, where it is kept, and how it is found, checked and vouched for.

A board is one leaderboard: a stratum, a dimension, an estimator, a weighting. A release is all
boards of one build. In files, JSON and commands a release goes by the name it has there:
`boards/<release_id>/board.json`, `demoscope boards`.

Making a release again and explaining a difference is in orchestration (reproduction.py,
difference.py).
"""
