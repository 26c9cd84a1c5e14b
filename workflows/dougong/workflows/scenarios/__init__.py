"""Tests of a configuration, carried out on a company that is thrown away."""
