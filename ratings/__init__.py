"""Posteriors of skill from counts of battles: arrays and Arrow in, Arrow out.

Out: Dagster, files, clocks, and any randomness that is not keyed by the caller.
"""
