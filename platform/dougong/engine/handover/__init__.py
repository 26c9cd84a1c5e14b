"""Handing over: what belongs to one person goes to others, previewed, in one transaction, and back within 30 days."""
