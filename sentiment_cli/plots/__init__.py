"""What does it look like: pictures of histories and confusion matrices, as matplotlib figures without pyplot."""
