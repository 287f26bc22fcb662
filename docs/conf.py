"""How the pages beside this file become a book: `make docs`.

What stays out: the pages, which read as well without it.
"""

project = "Demoscope"
author = "Demoscope"
extensions = ["myst_parser"]
# Headings are linked to as GitHub does.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
# SQL with Jinja in it is shown as SQL.
suppress_warnings = ["misc.highlighting_failure"]
html_theme = "furo"
html_title = "Demoscope"
html_show_sphinx = False
html_copy_source = False
