"""Who gets a record: rules asked in order, for the step `assign` and for documents of the kind `assignment_rule`."""
