"""Finding records by text: what is indexed, how it is cut into tokens, and the search over all objects."""
