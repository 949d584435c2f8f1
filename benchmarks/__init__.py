"""Client-side cost of respkit, of its floors and of its peers, measured side by side."""
