"""Write midi_nb/data/iod_types.json: the attributes of type 1 and 2 that each storage SOP class must have.

The tables of PS3.3 are read as highdicom ships them. Of each mandatory module the attributes of type 1 and 2 are kept,
nested ones only where all sequences around them are of type 1 or 2 too. Run it again when a new edition matters::

    pip install highdicom
    python tools/make_iod_types.py
"""

from __future__ import annotations

import json
from pathlib import Path

from make_scopes import standard

TARGET = Path(__file__).parents[1] / "midi_nb" / "data" / "iod_types.json"
NEEDED = ("1", "2")


def needed(module: list[dict]) -> dict[str, list[str]]:  # type: ignore[type-arg]
    """Type → the attributes of a module that must be there, as keywords joined by dots."""
    types = {(*attribute["path"], attribute["keyword"]): attribute["type"] for attribute in module}
    found = {
        path: type_
        for path, type_ in types.items()
        if all(types.get(path[: depth + 1]) in NEEDED for depth in range(len(path)))
    }
    return {
        type_: sorted(".".join(path) for path, its in found.items() if its == type_)
        for type_ in NEEDED
        if type_ in found.values()
    }


def main() -> None:
    iods, classes = standard("iod_module_map"), standard("sop_class_iod_map")
    mandatory = {
        iod: [module["key"] for module in iods[iod] if module["usage"] == "M"]
        for iod in sorted(set(classes.values()) & set(iods))
    }
    modules = {key: needed(module) for key, module in sorted(standard("module_attribute_map").items())}
    used = {key for keys in mandatory.values() for key in keys if modules.get(key)}
    tables = {
        "classes": dict(sorted((uid, iod) for uid, iod in classes.items() if iod in mandatory)),
        "iods": {iod: [key for key in keys if key in used] for iod, keys in mandatory.items()},
        "modules": {key: types for key, types in modules.items() if key in used},
    }
    TARGET.write_text(json.dumps(tables, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
