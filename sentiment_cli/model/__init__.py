"""The network: from token ids to logits, and with the text in front of it to probabilities."""
