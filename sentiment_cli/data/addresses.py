"""Which addresses a download goes to: http and https, never from https back to http, redirects included."""

from __future__ import annotations

import http.client
import urllib.request
from typing import IO, Any
from urllib.parse import urlsplit

from sentiment_cli.errors import DownloadError


def check_address(url: str, *, redirected_from: str | None = None) -> None:
    """Refuse an address that is not http or https, or that leaves https.

    Raises:
        DownloadError: with the address and, for a redirect, where it came from.
    """
    scheme = urlsplit(url).scheme.lower()
    origin = f"{redirected_from} redirects to {url}" if redirected_from else url
    if scheme not in ("http", "https"):
        raise DownloadError(f"{origin}: only http and https addresses are followed")
    if scheme == "http" and redirected_from and urlsplit(redirected_from).scheme.lower() == "https":
        raise DownloadError(f"{origin}: a redirect from https to http is not followed")


class CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects as urllib does, but only where `check_address` agrees."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request that follows, or a DownloadError; urllib's hook, called for each redirect."""
        check_address(newurl, redirected_from=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage
    ) -> Any:
        """Urllib's hook around the one above; left to itself, it keeps the connection of a refused redirect."""
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except Exception:
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302
