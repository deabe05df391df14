"""Tables of reviews that are scored as a whole: cut into blocks, each of which becomes one file of predictions."""
