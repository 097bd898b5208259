"""`flowrun keep`: tokens that are refreshed in time, by a process that stays."""
