"""Simulated viewers: how many of them a server holds, and how soon they have what is new."""
