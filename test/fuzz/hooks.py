import schemathesis

# JSON in which an object's prototype is named is refused whatever its schema says; no schema can say so of all depths.
FORBIDDEN = ("__proto__",)


def names_prototype(value):
    if isinstance(value, dict):
        return any(key in FORBIDDEN or names_prototype(member) for key, member in value.items())
    if isinstance(value, list):
        return any(names_prototype(member) for member in value)
    return False


# An agent with two capabilities of one name is refused; a schema knows only items that are the same as a whole.
def has_twins(body):
    capabilities = body.get("capabilities") if isinstance(body, dict) else None
    if not isinstance(capabilities, list):
        return False
    names = [one["name"] for one in capabilities if isinstance(one, dict) and isinstance(one.get("name"), str)]
    return len(set(names)) < len(names)


@schemathesis.hook
def filter_body(context, body):
    return not names_prototype(body) and not has_twins(body)
