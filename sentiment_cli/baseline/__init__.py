"""The bar for a network: what simple models reach on the same reviews, and where their figures are kept."""
