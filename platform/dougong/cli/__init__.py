"""The command line, and the assembly of the rooms into one program."""

from dougong.cli.program import program as main

__all__ = ["main"]
