"""Driving journeys: lives on the event loop, arrivals on a schedule, users one after the other."""
