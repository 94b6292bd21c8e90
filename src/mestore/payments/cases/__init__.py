"""What no rule places by itself, shown to administrators until one closes it."""
