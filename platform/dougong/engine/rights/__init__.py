"""Who may see and do what, from roles, permission sets, people's places and the rules of the metadata."""
