"""Charts: the nodes of an approval laid out and told, for an SVG that is drawn on the server (decision 23)."""
