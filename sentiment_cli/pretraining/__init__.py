"""What is learned from texts without labels before the training: from which texts, how, and where it is kept."""
