"""The plugins that ship."""
