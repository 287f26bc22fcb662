"""Room 6: the order of it all, from a file in landing to a release that is published.

It may import every other room. Dagster is imported here alone, and by the command line never.
"""
