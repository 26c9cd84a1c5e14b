"""Approvals and automations: what they add, they add through the public hooks."""
