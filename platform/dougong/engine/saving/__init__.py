"""The one way in: `Records.save` and the steps that every change of records passes. See `pipeline`."""
