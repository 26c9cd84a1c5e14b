"""Files of a record: sent up, kept, given out as what they are and never as a page of ours."""

from __future__ import annotations

import mimetypes
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response

from dougong.base.errors import NotFound, Place, Problem, Rejected, TooLarge
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.web import attachments
from dougong.web.context import record_url
from dougong.web.routing import Page
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
    for each in sent:
        keep(visit, each, {"object": object, "id": id})
    told = visit.say(msg("{n} file attached", "{n} files attached", n=len(sent)))
    return visit.go(f"{url}#timeline", told)


def keep(visit: Visit, sent: UploadFile, about: dict[str, str] | None) -> Reference:
    """Keep one file: its bytes on disk, its record in the database, both or neither."""
    name = attachments.clean_name(sent.filename or "")
    refused = attachments.refusal(name, sent)
    if refused is not None:
        raise (TooLarge if refused.code == "file-large" else Rejected)(refused)
    folder = visit.site.settings.data_dir
    blob = attachments.store(folder, sent.file)

    def write(unit: Unit) -> str:
        content = [{"id": blob, "name": name}]
        values = {"name": name, "content": content, **({"related_to": about} if about else {})}
        made = unit.records.save([Create("file", values)]).changes[0].id
        unit.records.save([Update("file", made, {"content": [{"id": made, "name": name}]})])
        attachments.rename(folder, blob, made)
        return made

    try:
        return Reference("file", visit.write(write), name)
    except BaseException:
        attachments.forget(folder, blob)
        raise


def fetch(visit: Visit, id: str) -> Response:
    """The bytes of a file, for those who may see its record."""
    record = visit.unit.records.get("file", id)
    path = attachments.place(visit.site.settings.data_dir, id)
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


PAGES = (
    Page("POST", "/o/{object}/{id}/files", send),
    Page("GET", "/file/{id}", fetch),
)
