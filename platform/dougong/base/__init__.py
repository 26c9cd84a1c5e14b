"""What every room shares: registries, problems and messages, languages, ids, hooks, settings.

Imports nothing of ours, so that everything may import it.
"""
