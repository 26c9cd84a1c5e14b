"""Somebody at the pages, as tests of the web room have them."""

from tests.web.conftest import cheap_hashes, client, compiled_once, fresh_rates, person, settings, user_id

__all__ = ["cheap_hashes", "client", "compiled_once", "fresh_rates", "person", "settings", "user_id"]
