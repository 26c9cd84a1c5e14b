"""Files of a record: sent up, kept, and given out."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.language import msg
from dougong.engine.query import Record
from dougong.web import attachments
from dougong.web.context import record_url
from dougong.web.routing import Page
from dougong.web.uploads import check, keep
from dougong.web.visit import Visit


def send(visit: Visit, object: str, id: str) -> Response:
    """Attach the files that were sent to a record."""
    url = record_url(object, id)
    sent = visit.uploads("file")
    if not sent:
        return visit.go(url, visit.say(msg("No file was chosen")))
    with visit.read() as reading:
        reading.object(object)
        reading.unit.records.get(object, id)
    check(sent)
    for each in sent:
        keep(visit, each, {"object": object, "id": id})
    told = visit.say(msg("{n} file attached", "{n} files attached", n=len(sent)))
    return visit.go(f"{url}#timeline", told)


def fetch(visit: Visit, id: str) -> Response:
    """The bytes of a file, for those who may see its record."""
    record = visit.unit.records.get("file", id)
    name = str(record.values.get("name") or "file")
    return attachments.given_out(visit.site.settings.data_dir, _content(visit, record), name)


def _content(visit: Visit, record: Record) -> str:
    """The file record under which the bytes stand: itself, or the one that was chosen for it in a form."""
    content = record.values.get("content")
    other = content[0].id if content else record.id
    return other if other == record.id else visit.unit.records.get("file", other).id


PAGES = (
    Page("POST", "/o/{object}/{id}/files", send),
    Page("GET", "/file/{id}", fetch),
)
