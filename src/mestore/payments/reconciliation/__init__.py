"""Our books against the gateways'."""
