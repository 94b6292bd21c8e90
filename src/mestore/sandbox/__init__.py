"""The outside world of a marketplace on one machine: a strict Wompi, an SMTP inbox, an SMS inbox.

Its own process and port, for development and tests. It knows nothing of MeStore but its settings, and nothing of
production imports it.
"""
