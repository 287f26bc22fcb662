"""Has a model label conversations by a rubric, and writes the labels as a file to ingest.

The texts stay in the user's file and in what is sent to the endpoint: neither the log nor the cache
holds any of them.
"""
