"""The tables of the first revision, by what they are about; each group needs the ones before it."""
