"""The record engine: companies and their databases, publishing, records in and out, access, search, jobs."""
