"""Files of Salesforce metadata: read without trust, and what they say about the types of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from dougong.base.errors import MetadataError, Place, Problem
from dougong.base.language import msg

LARGEST = 10_000_000
"""Bytes of a file; the largest that Salesforce deploys at once is 39 MB, single files are far smaller."""

STANDARD: Mapping[str, str] = {
    "Id": "id", "Name": "name", "Owner": "owner", "OwnerId": "owner", "CreatedDate": "created_at",
    "CreatedBy": "created_by", "CreatedById": "created_by", "LastModifiedDate": "updated_at",
    "LastModifiedBy": "updated_by", "LastModifiedById": "updated_by", "RecordType": "record_type",
    "RecordTypeId": "record_type", "CurrencyIsoCode": "currency",
}  # fmt: skip
"""Fields that every record has there, by the name that they have here."""


class _Builder(TreeBuilder):
    """A tree without namespaces; a document type, by which entities are declared, is refused."""

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        return super().start(tag.rpartition("}")[2], attributes)

    def end(self, tag: str) -> Element:
        return super().end(tag.rpartition("}")[2])

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ParseError("a document type is not allowed")


def read(path: Path) -> Element:
    """The root of a file.

    Raises:
        MetadataError: it is no XML, declares a document type, or is too large.
    """
    place = Place(file=str(path))
    if path.stat().st_size > LARGEST:
        raise MetadataError(
            [Problem(code="salesforce-file", reason=msg("The file is larger than 10 MB."), place=place)]
        )
    parser = XMLParser(target=_Builder())
    try:
        parser.feed(path.read_bytes())
        root: Element = parser.close()
    except (ParseError, ValueError) as error:
        reason = msg("The file cannot be read as XML: {error}", error=str(error))
        raise MetadataError([Problem(code="salesforce-file", reason=reason, place=place)]) from error
    return root


def said(element: Element | None, *way: str) -> str:
    """The text at the end of a way of elements; empty where there is none."""
    for name in way:
        element = element.find(name) if element is not None else None
    return (element.text or "").strip() if element is not None else ""


def snake(name: str) -> str:
    """A name of Salesforce as one of ours: ``Approval_Status__c``, ``ApprovalStatus`` are ``approval_status``."""
    bare = re.sub(r"__(c|r|mdt|e|b|x|pc|pr)$", "", name)
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", bare)
    found = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:40].strip("_")
    return found if found[:1].isalpha() else f"x_{found}"[:40].strip("_")


def field_path(object_name: str, written: str) -> str:
    """A field as criteria and formulas name it, as a path of ours: ``Opportunity.Account.Industry``."""
    parts = written.split(".")
    if len(parts) > 1 and parts[0] == object_name:
        parts = parts[1:]
    if parts[0] == "$User" or (parts[0] == "User" and len(parts) > 1 and object_name != "User"):
        return ".".join(("$User", *(_name(each) for each in parts[1:])))
    return ".".join(_name(each) for each in parts)


def _name(name: str) -> str:
    return STANDARD.get(name) or snake(name[:-2] if name.endswith("Id") and not name.endswith("__Id") else name)


@dataclass(frozen=True, slots=True)
class Fields:
    """What the source says of fields: type by (object, field), as Salesforce spells both."""

    types: Mapping[tuple[str, str], str]

    def type(self, object_name: str, written: str) -> str | None:
        """The type of a field as criteria name it; None where the source does not hold it."""
        owner, _, name = written.rpartition(".")
        return self.types.get((owner or object_name, name)) or _STANDARD_TYPES.get(name)


_STANDARD_TYPES: Mapping[str, str] = {
    "Name": "Text", "CreatedDate": "DateTime", "LastModifiedDate": "DateTime", "OwnerId": "Lookup", "Owner": "Lookup",
    "IsClosed": "Checkbox", "IsWon": "Checkbox", "IsActive": "Checkbox", "Amount": "Currency", "Status": "Picklist",
    "StageName": "Picklist", "Priority": "Picklist", "Type": "Picklist", "Industry": "Picklist", "Rating": "Picklist",
    "LeadSource": "Picklist", "Probability": "Percent", "CloseDate": "Date", "Email": "Email", "Phone": "Phone",
    "Subject": "Text", "Description": "LongTextArea", "AnnualRevenue": "Currency", "NumberOfEmployees": "Number",
}  # fmt: skip


def fields_of(folder: Path) -> Fields:
    """The types of all fields below a folder, in either of the forms that projects have."""
    return Fields(dict(_each_type(folder)))


def _each_type(folder: Path) -> Iterator[tuple[tuple[str, str], str]]:
    for path in sorted(folder.rglob("*.field-meta.xml")):
        root = read(path)
        yield (path.parent.parent.name, said(root, "fullName")), _typed(root)
    for path in sorted([*folder.rglob("*.object"), *folder.rglob("*.object-meta.xml")]):
        name = path.name.partition(".")[0]
        for each in read(path).findall("fields"):
            yield (name, said(each, "fullName")), _typed(each)


def _typed(field: Element) -> str:
    return said(field, "type") or "Text"
