"""Facts on model families, as data: what a model accepts, and how much of it."""
