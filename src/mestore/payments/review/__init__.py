"""Payments that wait for a person."""
