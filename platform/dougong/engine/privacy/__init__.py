"""What is kept of a person: found, given out to them, erased with proof.

Fields say by `personal` what they tell of a person. An erasure blanks these in the record, its history and its search
words, its files, what signs a user in, and the personal parts of the audit log, in one transaction. The record stays,
and with it every amount, roll-up and relation; an entry of the log proves the erasure without saying what was erased.
"""

from __future__ import annotations

from dougong.engine.privacy.erasing import erase
from dougong.engine.privacy.finding import Kept, find
from dougong.engine.privacy.giving import given_out

__all__ = ["Kept", "erase", "find", "given_out"]
