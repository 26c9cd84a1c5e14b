"""The templates, tokens, assets and message catalogs of the pages. Data only."""
