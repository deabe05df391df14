"""`sentiment download`: fetch a public data set."""

from __future__ import annotations

from pathlib import Path

import click

from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output
from sentiment_cli.cli._progress import make_byte_progress
from sentiment_cli.resources import imdb_download_dir


@click.command()
@click.argument("name", type=click.Choice(["imdb"]))
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="DIR", help="Directory that will hold aclImdb."
)
@click.option("--from", "archive", type=click.Path(path_type=Path), metavar="ARCHIVE", help="A .tar.gz already here.")
@output_options
def download(name: str, target: Path | None, archive: Path | None) -> None:
    """Fetch, verify and unpack the Large Movie Review Dataset (Maas et al. 2011; 84 MB) for --data imdb.

    It goes to $SENTIMENT_DATA, or else to the user's cache directory. An interrupted download is continued.
    """
    output = Output.current()
    from sentiment_cli.data import imdb

    with make_byte_progress(output) as progress:
        place = imdb.install(target or imdb_download_dir(), archive=archive, progress=progress, note=output.note)
    output.result({"path": str(place)}, lambda: str(place))
    found = imdb.find()
    if found is None or found.resolve() != place.resolve():
        output.note(f"Use it with --data {place}, or set SENTIMENT_DATA={place.parent.resolve()} for --data imdb.")
