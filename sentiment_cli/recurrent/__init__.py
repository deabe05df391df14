"""The fast recurrent path on a CPU: compiled loops over time and the Keras layers that use them."""
