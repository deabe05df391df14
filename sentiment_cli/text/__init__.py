"""From texts to token ids: cleaning, vocabulary, and which part of a long review is kept."""
