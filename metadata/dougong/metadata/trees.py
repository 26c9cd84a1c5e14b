"""Trees of components, what differs between two, and how three become one."""

from dougong.metadata.difference import Change, diff
from dougong.metadata.merging import MergeConflict, Merged, merge
from dougong.metadata.tree import Tree

__all__ = ["Change", "MergeConflict", "Merged", "Tree", "diff", "merge"]
