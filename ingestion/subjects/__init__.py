"""Participants in the log: pseudonyms, the secrets that link them, what they said of themselves.

Nothing here reads a file of a source or judges a row; only ids and sealed columns are changed.
"""
