"""What all tests rest on."""

from __future__ import annotations

import signal

# A shell starts what it puts in the background with SIGINT ignored, and every process started from there inherits
# that; assay lets it be, rightly. The tests that interrupt need it as it is in the foreground.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
