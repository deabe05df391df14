"""Train, evaluate and inspect recurrent sentiment classifiers on reviews, from one YAML file."""

__version__ = "0.1.0"
