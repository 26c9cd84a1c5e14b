"""The page compiler: a list, record or form of one revision becomes ONE Jinja template.

The sections ``cell``, ``show`` and ``edit`` of each field type's template are inlined as text, with indexes as the
only thing that varies, so a generic page costs what a hand-written one costs. No text of metadata ever enters a
template's source: labels, names and values are variables.
"""
