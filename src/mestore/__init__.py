"""MeStore: an open marketplace backend for Colombia."""
