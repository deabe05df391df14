"""How weights are found: batches, steps, the loop over epochs, and what is kept so that it can go on."""
