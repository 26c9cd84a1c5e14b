"""Reads metadata of Salesforce (the XML of its Metadata API) and writes documents of ours."""
