"""The page of a report: one file of HTML with pictures in SVG, which needs no script, no network and nothing beside it.

`page.py` says what follows what; one file draws one picture, from what `squarely.distribution.drawn` says it shows.
"""
