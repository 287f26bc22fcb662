"""The page readers open: published marts in, one directory of static files out.

What stays out: figures. Every number on the page is a cell of a published mart, rounded.
"""
