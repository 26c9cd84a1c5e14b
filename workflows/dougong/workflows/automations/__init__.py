"""Automations: what sets them off, what they do and did, what keeps them from running away."""
