"""Load runs: the same promises at speed."""
