"""Pools: where records wait that nobody works on, who claims them, and when they come back."""
