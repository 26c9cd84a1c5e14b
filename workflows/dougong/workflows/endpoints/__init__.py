"""Incoming web hooks: who calls, what of it is for which record, and the automations that run for it."""
