"""The companies that tests of the workflows work on."""

from tests.companies import company, company_copy, empty_company, sales

__all__ = ["company", "company_copy", "empty_company", "sales"]
