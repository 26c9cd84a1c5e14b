"""Overlays and packages that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from tests.metadata.unsound import overlay, package
from tests.metadata.workshop import WORKSHOP, label

OVERLAYS: dict[str, dict[str, Any]] = {
    "overlay of nothing": {"overlay/change.json": overlay(target="layout:deal.defalt", hide=["tabs"])},
    "overlay of its own layer": {
        "overlay/change.json": overlay(target="app:own", set={"icon": "star"}),
        "app/own.json": {**WORKSHOP["app/sales.json"], "name": "own"},
    },
    "overlay at a missing place": {"overlay/change.json": overlay(set={"tabs#mian/label": label("Main", "基本")})},
    "overlay adding what is there": {
        "overlay/change.json": overlay(add={"tabs#main/sections#deal/items": [{"field": "name"}]})
    },
    "overlay bringing a missing field": {
        "overlay/change.json": overlay(add={"tabs#main/sections#deal/items": [{"field": "nmae", "after": "name"}]})
    },
    "overlay that breaks a schema": {"overlay/change.json": overlay(set={"tabs#main/label": "Main"})},
}  # fmt: skip
"""What the company lays over the workshop, the workshop being a package: file → document."""

PACKAGES: dict[str, dict[str, dict[str, Any]]] = {
    "a missing package": {"tools": {"package.json": package(requires={"toolz": ">=1"})}},
    "a version that does not fit": {
        "tools": {"package.json": package(requires={"shop": ">=1.4 <2"})},
        "shop": {"package.json": package("shop", namespace="shop")},
    },
    "a range that is none": {"tools": {"package.json": package(requires={"tools": "new"})}},
    "packages in a circle": {
        "tools": {"package.json": package(requires={"shop": ">=1"})},
        "shop": {"package.json": package("shop", namespace="shop", requires={"tools": ">=1"})},
    },
    "a newer platform": {"tools": {"package.json": package(min_platform="99.0")}},
    "no namespace": {"tools": {"package.json": package(namespace=None)}},
    "a namespace twice": {
        "tools": {"package.json": package()},
        "shop": {"package.json": package("shop")},
    },
    "a name without its namespace": {
        "tools": {
            "package.json": package(),
            "label/thanks_again.json": {"kind": "label", "name": "thanks_again", "label": label("Thanks", "谢谢")},
        }
    },
    "a text in one language": {
        "tools": {
            "package.json": package(),
            "label/tools__hi.json": {"kind": "label", "name": "tools__hi", "label": {"en": "Hello"}},
        }
    },
    "another's component": {
        "tools": {"package.json": package(), "picklist/stage.json": WORKSHOP["picklist/stage.json"]}
    },
    "a package that leans on the company": {
        "tools": {
            "package.json": package(),
            "layout/deal/tools__small.json": {
                **WORKSHOP["layout/deal/default.json"], "name": "deal.tools__small", "for": {}, "actions": [],
            },
        }
    },
    "a package that it does not require": {
        "tools": {
            "package.json": package(),
            "picklist/tools__size.json": {
                **WORKSHOP["picklist/stage.json"], "name": "tools__size"
            },
        },
        "shop": {
            "package.json": package("shop", namespace="shop"),
            "object/shop__item.json": {
                "kind": "object",
                "name": "shop__item",
                "label": label("Item", "商品"),
                "title": {"field": "name"},
                "fields": {
                    "name": {"type": "text", "label": label("Name", "名称")},
                    "size": {"type": "picklist", "label": label("Size", "尺码"), "picklist": "tools__size"},
                },
            },
        },
    },
}  # fmt: skip
"""Cases with packages beside the workshop: folder → file → document."""
