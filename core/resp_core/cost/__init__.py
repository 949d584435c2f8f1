"""What a call costs: usage split into disjoint classes, then priced. Pure: no clock, no network."""
