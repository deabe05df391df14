"""Where reviews come from: directories, the IMDb data set, splits, and what is wrong with them."""
