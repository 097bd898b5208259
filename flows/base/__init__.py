"""The grants that recipes extend."""
