"""The SQL meaning of the language: expressions that never raise, equal to the Python meaning on both databases.

Every expression comes as a value and, where it can fail, an error condition. Where the error condition holds,
the value is NULL or anything; whoever uses the value asks for the error first.
"""
