"""Files of a record: sent up, kept, given out as what they are and never as a page of ours."""

from __future__ import annotations

import mimetypes
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from dougong.base.errors import NotFound, Place, Problem
from dougong.base.language import msg
from dougong.engine import file_contents
from dougong.engine.query import Record
from dougong.web import attachments
from dougong.web.context import record_url
from dougong.web.routing import Page
from dougong.web.uploads import keep, refuse
from dougong.web.visit import Visit

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})


def send(visit: Visit, object: str, id: str) -> Response:
    """Attach the files that were sent to a record."""
    url = record_url(object, id)
    sent = visit.uploads("file")
    if not sent:
        return visit.go(url, visit.say(msg("No file was chosen")))
    with visit.read() as reading:
        reading.object(object)
        reading.unit.records.get(object, id)
    refuse(filter(None, (attachments.refusal(attachments.clean_name(each.filename or ""), each) for each in sent)))
    for each in sent:
        keep(visit, each, {"object": object, "id": id})
    told = visit.say(msg("{n} file attached", "{n} files attached", n=len(sent)))
    return visit.go(f"{url}#timeline", told)


def fetch(visit: Visit, id: str) -> Response:
    """The bytes of a file, for those who may see its record."""
    record = visit.unit.records.get("file", id)
    path = file_contents.place(visit.site.settings.data_dir, _content(visit, record))
    if not path.is_file():
        raise NotFound(
            Problem(code="file-missing", reason=msg("The file's content is missing."), thing=id, place=Place())
        )
    name = str(record.values.get("name") or "file")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    shown = kind in SHOWN_INLINE and attachments.is_really(path, kind)
    headers = {
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=utf-8''{quote(name)}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, max-age=3600",
    }
    return FileResponse(path, media_type=kind if shown else "application/octet-stream", headers=headers)


def _content(visit: Visit, record: Record) -> str:
    """The file record under which the bytes stand: itself, or the one that was chosen for it in a form."""
    content = record.values.get("content")
    other = content[0].id if content else record.id
    return other if other == record.id else visit.unit.records.get("file", other).id


PAGES = (
    Page("POST", "/o/{object}/{id}/files", send),
    Page("GET", "/file/{id}", fetch),
)
