"""Why a request to somebody else's server has no answer. The texts are sentences for whoever gave us its address."""

from common.errors import WeirError


class EgressError(WeirError):
    """There is no answer."""


class EgressRefusedError(EgressError):
    """We do not connect there: the URL, or an address that it leads to, is not allowed. Nothing was sent."""


class EgressBusyError(EgressError):
    """Too many requests are under way. Nothing was sent; try again in a moment."""


class EgressTooBigError(EgressError):
    """The answer is larger than is put up with. The server has the request."""


class _MaybeSentError(EgressError):
    def __init__(self, message: str, *, before_sending: bool = False) -> None:
        super().__init__(message)
        self.before_sending = before_sending
        """Not a byte of the request was sent; otherwise nobody knows what became of it."""


class EgressUnreachableError(_MaybeSentError):
    """No such host, no connection, no valid certificate, or no HTTP."""


class EgressTooSlowError(_MaybeSentError):
    """A deadline passed."""
