"""``python -m sentiment_cli`` is ``sentiment``."""

from sentiment_cli.cli import main

if __name__ == "__main__":
    main(prog_name="sentiment")
