"""A run, or several side by side, as one page for a browser: its data as plain values, and the page that shows them."""
