"""Notices: what people are told, in the application and by the channels that they chose."""
