"""What predictions have to do with the reviews that they are of: traits, slices, words. None of it needs TensorFlow."""
