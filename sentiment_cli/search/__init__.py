"""A search over settings: what is tried, which trial comes next, when one is stopped, and what mattered."""
