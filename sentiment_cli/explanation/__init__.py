"""What a network does with a review: what each word added, how the prediction grows, what happens in the cells."""
