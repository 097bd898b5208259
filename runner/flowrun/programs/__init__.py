"""The same for Python programs: a token, and requests that carry one."""
