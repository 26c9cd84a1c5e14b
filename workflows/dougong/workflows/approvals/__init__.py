"""Approvals: a machine without a database (`state`, `machine`), and what carries it (`service` and its neighbours)."""
