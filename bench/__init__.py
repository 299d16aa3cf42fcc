"""Benchmarks: each prints its figures beside a peer's and the machine they were measured on."""
