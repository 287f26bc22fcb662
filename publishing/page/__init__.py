"""The page readers open: published marts in, one directory of static files out.

Every number on the page is a cell of a published mart, rounded: nothing here computes a figure.
JavaScript draws the page from one JSON document; without it a reader gets one plain table.

How to add a section:

1. page_data.py: a function that makes its data from rows of marts, and a key for it in `page_data`.
2. templates/NAME.html.j2: a `<section id="NAME" class="needs-script" hidden>` with its fixed text.
3. static/NAME.js: `sections.push({ draw })`, where `draw(board)` fills it (state.js says more).
4. rendering.py: NAME in `SECTIONS`, which is the order on the page; in `NO_SCRIPT` too, if the
   template is all of it.
5. tests/publishing/page/panels.py: every figure the section shows, taken from the marts.
"""
