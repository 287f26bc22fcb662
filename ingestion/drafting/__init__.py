"""A first mapping for a file nobody has described yet: looked at, guessed, tried, written.

`sample.py` reads the first rows, `words.py` knows what headers and verdicts are called,
`verdicts.py` and `moments.py` find how winners and times are written, `guesses.py` finds the
columns, `draft.py` writes the mapping, and `trial.py` reads the first rows by it. What is unsure is
said; what is unknown stays to be filled in. Judging rows, and loading them, is not done here.
"""
