"""The contract of agents elsewhere for servers, with the standard library alone: signatures, repetitions, answers."""

import base64
import hashlib
import hmac
import time
from collections import OrderedDict

MOST_SECONDS_APART = 300
MOST_KEPT = 10_000


class Refused(Exception):
    """The call is not from the orchestrator, or too old."""


def verify(secrets: list[str], headers, body: bytes, now=time.time) -> None:
    """Raises Refused unless one of the secrets has signed the body. Two of them while one is rotated."""
    call_id = headers.get('webhook-id', '')
    timestamp = headers.get('webhook-timestamp', '')
    if not timestamp.isdigit() or abs(now() - int(timestamp)) > MOST_SECONDS_APART:
        raise Refused('the header webhook-timestamp is missing, or more than five minutes away')
    signed = f'{call_id}.{timestamp}.'.encode() + body
    given = [part[3:] for part in headers.get('webhook-signature', '').split(' ') if part.startswith('v1,')]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix('whsec_'))
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        # All are compared, each in constant time.
        if any([hmac.compare_digest(right, one) for one in given]):
            return
    raise Refused('the header webhook-signature does not fit')


class Repetitions:
    """Remembers what calls were answered, by their ids: a repetition gets the same answer, and nothing is done twice.

    In memory, for one process; several processes keep it in a store that they share.
    """

    def __init__(self):
        self._known = OrderedDict()

    def find(self, call_id: str):
        return self._known.get(call_id)

    def keep(self, call_id: str, answer):
        self._known[call_id] = answer
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
        return answer
