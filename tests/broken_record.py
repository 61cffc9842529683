"""Ways to break a JSON record, for tests of schemas: a schema that accepts everything must fail."""
import copy

DELETE = object()  # put there, it takes the key out


def broken(record, where, value):
    """A copy of the record with `value` at the path `where`, a list of keys and indexes."""
    record = copy.deepcopy(record)
    at = record
    for key in where[:-1]:
        at = at[key]
    if value is DELETE:
        del at[where[-1]]
    else:
        at[where[-1]] = value
    return record


def change(where, value):
    """For people: what broken() did."""
    return f"{where} {'missing' if value is DELETE else repr(value)}"
