"""JSON documents to a checked, immutable, compiled model; revisions, diff, merge and packages.

Knows no database and no request: every function here goes from values to values.
"""
