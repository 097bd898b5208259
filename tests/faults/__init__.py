"""Faults for a refresh: killed, suspended, cut off, refused by the system, and run in crowds."""
