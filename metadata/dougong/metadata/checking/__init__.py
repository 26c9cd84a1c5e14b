"""The rules that documents must keep beyond their schemas, one family a module.

A rule is a function from the `Index` of a tree to the problems it finds. It may rely on shapes: keys that break their
schema were taken out before, so a key is either there and sound or absent.
"""
