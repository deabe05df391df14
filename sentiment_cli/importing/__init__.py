"""Tables of reviews become directories of reviews: columns, classes, what is left out, a file a review."""
