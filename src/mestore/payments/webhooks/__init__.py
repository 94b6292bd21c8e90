"""What gateways announce."""
