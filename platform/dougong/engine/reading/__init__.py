"""The one way out: a `Query` becomes one SQL statement in which access rules are part of the WHERE."""
