import schemathesis

# JSON in which an object's prototype is named is refused whatever its schema says; no schema can say so of all depths.
FORBIDDEN = ("__proto__",)


def names_prototype(value):
    if isinstance(value, dict):
        return any(key in FORBIDDEN or names_prototype(member) for key, member in value.items())
    if isinstance(value, list):
        return any(names_prototype(member) for member in value)
    return False


@schemathesis.hook
def filter_body(context, body):
    return not names_prototype(body)
