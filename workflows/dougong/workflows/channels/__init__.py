"""Channels: by what people are told things outside of the application. One kind is one file here."""
