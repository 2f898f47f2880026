"""Writes the part of TOML that our configuration uses: keys, tables, arrays of tables."""

import json


def toml(table, path=""):
    """A dict as text. A list of dicts becomes an array of tables, a dict a table; `route.hosts` and its like,
    where tables stand inside an array of tables, are written inline."""
    plain, tables = [], []
    for key, value in table.items():
        if value is None:
            continue
        name = f"{path}{key}"
        if isinstance(value, dict):
            tables.append(f"\n[{name}]\n{toml(value, name + '.')}")
        elif isinstance(value, list) and value and isinstance(value[0], dict) and not path:
            tables.extend(f"\n[[{name}]]\n{_entries(one)}" for one in value)
        else:
            plain.append(f"{key} = {_value(value)}\n")
    return "".join(plain + tables)


def _entries(table):
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items() if value is not None)


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)
