"""A study with a known truth, of HUMAINE's shape: the main job's default, the tests' oracle.

What stays out: reading what is written here (it goes in by the same door as any other file).
"""
