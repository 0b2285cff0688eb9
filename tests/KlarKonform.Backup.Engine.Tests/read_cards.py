"""Reads vCards with vobject: a reader that shares nothing with the writer."""
import json
import sys

import vobject

out = []
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        card = vobject.readOne(file.read())
    out.append({
        "file": name,
        "version": card.version.value,
        "name": card.fn.value,
        "family": card.n.value.family if hasattr(card, "n") else "",
        "note": card.note.value if hasattr(card, "note") else "",
        "phones": [each.value for each in card.contents.get("tel", [])],
        "members": [each.value for each in card.contents.get("member", [])],
        "photo": bool(card.contents.get("photo")),
    })
json.dump(out, sys.stdout)
