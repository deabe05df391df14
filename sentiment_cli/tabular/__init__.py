"""Tables of reviews: CSV and its relatives, JSON lines, Parquet and Excel, read row by row."""
