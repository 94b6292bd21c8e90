"""The relevance sets: what buyers type into the search of the demo catalogue, and what they should find."""
