"""A study with a known truth, of HUMAINE's shape: the main job's default, the tests' oracle.

Its files are loaded as any others are.
"""
