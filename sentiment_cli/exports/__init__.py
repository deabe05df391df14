"""A trained network as files for other programs: what they are, how they are written, opened, checked and timed."""
