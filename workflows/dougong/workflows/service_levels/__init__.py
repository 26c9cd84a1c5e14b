"""Service levels: within what time something is to happen to a record, and what is done step by step if not."""
