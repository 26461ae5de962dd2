"""What the agent does: the price of a route. It knows nothing of servers and functions."""

FARES = {'Rome': 120, 'Oslo': 180, 'Lima': 640}


class NoSuchCity(Exception):
    """The caller is wrong: another attempt would fail in the same way."""


def price_route(city: str, travellers: int = 1) -> dict:
    if city not in FARES:
        raise NoSuchCity(f'no fare for "{city}"; there are fares for {", ".join(sorted(FARES))}')
    return {'usd': FARES[city] * travellers, 'city': city}
