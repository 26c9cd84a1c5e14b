"""Steps: what approvals and automations do. One kind is one file here; `doing` is what a step is given."""
