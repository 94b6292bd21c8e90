"""How suspicious an attempt to pay looks, and from which facts."""
