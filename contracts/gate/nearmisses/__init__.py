"""Near misses: requests that are almost lawful, and must be refused without effect."""

from __future__ import annotations

from contracts.gate.nearmisses.bodies import body_misses, country_misses, extra_key_misses
from contracts.gate.nearmisses.keys import key_misses
from contracts.gate.nearmisses.miss import NearMiss, Subject
from contracts.gate.nearmisses.places import id_misses, list_misses, method_misses, unknown_ids, wrapped_id
from contracts.gate.nearmisses.slashes import with_slash

__all__ = [
    "NearMiss",
    "Subject",
    "body_misses",
    "country_misses",
    "extra_key_misses",
    "id_misses",
    "key_misses",
    "list_misses",
    "method_misses",
    "unknown_ids",
    "with_slash",
    "wrapped_id",
]
