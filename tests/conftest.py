"""What all tests rest on."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A shell starts what it puts in the background with SIGINT ignored, and every process started from there inherits
# that; assay lets it be, rightly. The tests that interrupt need it as it is in the foreground.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Hypothesis measures by the wall clock how long it generates and how long an example takes: what a busy machine does
# to that says nothing of a property. In CI it is so by default.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
