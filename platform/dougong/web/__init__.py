"""The pages: a request in, one engine call, a template out. Imports the engine; nothing imports it but the
rooms right of it."""
