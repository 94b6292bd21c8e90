"""`make bench`: how fast the API answers, as ratios within one run on one machine."""
