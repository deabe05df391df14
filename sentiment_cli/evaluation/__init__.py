"""What a trained network does on reviews: probabilities, figures, single predictions."""
