"""What can be paid with, now."""
