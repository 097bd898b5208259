"""What flowrun shows of its documentation."""
