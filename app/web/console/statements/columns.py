"""Which column of a bank's file is which: proposed from a sample, and tried on it until somebody says that it is right.

Nothing of the sample is kept: its first rows travel in the form.
"""

from dataclasses import asdict, fields, replace

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.statements import queries, rules, service
from app.statements.formats import bank_csv, reading, registry
from app.statements.formats.lines import Parsed
from app.statements.formats.settings import Profile
from app.statements.models import Source
from app.web import guards, uploads
from app.web.console.base import bp
from app.web.console.statements.files import UPLOAD_BYTES_MAX
from app.web.fragments import page

SAMPLE_LINES, SAMPLE_CHARACTERS = 60, 60_000  # of which the header is one of the first forty
SHOWN = 12
TEXTS = tuple(each.name for each in fields(Profile) if each.type == "str" or each.type is str)


@bp.get("/statements/sources/<source_id>/columns")
@guards.operator(Permission.STATEMENTS_IMPORT)
def statement_columns(source_id: str) -> Response:
    """What is said of the columns now, and where to bring a sample."""
    source = _by_columns(source_id)
    kept = rules.settings_of(source.settings).profile
    return _show(source, profile=kept, sample="")


@bp.post("/statements/sources/<source_id>/columns/sample")
@uploads.takes_files(bytes_each=UPLOAD_BYTES_MAX)
@guards.operator(Permission.STATEMENTS_IMPORT)
def propose_statement_columns(source_id: str) -> Response:
    """A proposal from the headers of a sample."""
    source = _by_columns(source_id)
    sample, profile, fault = "", None, ""
    try:
        sample = _head(reading.open_file(uploads.sent("file", bytes_max=UPLOAD_BYTES_MAX).body).text)
        profile = bank_csv.proposed(reading.File(sample))
    except Refusal as refused:
        fault = refused.message
    kept = rules.settings_of(source.settings).profile
    return _show(source, profile=profile or kept, sample=sample, fault=fault, status=422 if fault else 200)


@bp.post("/statements/sources/<source_id>/columns")
@guards.operator(Permission.STATEMENTS_IMPORT)
def save_statement_columns(source_id: str) -> Response | BaseResponse:
    """Show the sample as it would be read so; or keep it, which needs a sample that can be read so."""
    source, sent, actor = _by_columns(source_id), request.form, guards.actor()
    sample = sent.get("sample", "").replace("\r\n", "\n")[:SAMPLE_CHARACTERS]
    told = {name: sent.get(name, "").strip()[:200] for name in TEXTS}
    profile = Profile(**told, decimal_comma="decimal_comma" in sent)
    if sent.get("act") != "save":
        return _show(source, profile=profile, sample=sample)
    fault = "" if sample else "Bring a sample first: what is saved was tried on one."
    try:
        if sample:
            _read(source, profile, sample)
    except Refusal as refused:
        fault = refused.message
    if fault:
        return _show(source, profile=profile, sample=sample, fault=fault, status=422)
    settings = {**source.settings, "profile": asdict(profile)}
    try:
        atomically(
            lambda: service.change_source(
                source, title=source.title, settings=settings, lag_days=source.lag_days, cut_off=source.cut_off
            ),
            actor=actor,
        )
    except Refusal as refused:
        return _show(source, profile=profile, sample=sample, fault=refused.message, status=refused.status)
    flash("Saved. Its files are read so from now on.", "ok")
    return redirect(url_for("console.statement_source", source_id=source_id), 303)


def _by_columns(source_id: str) -> Source:
    source = queries.one_source_for_operators(source_id)
    if "profile" not in registry.FORMATS[source.format].takes or source.retired_at:
        raise NotFound
    return source


def _head(text: str) -> str:
    """The first lines: enough for the header and some rows."""
    return "\n".join(text.splitlines()[:SAMPLE_LINES])[:SAMPLE_CHARACTERS]


def _read(source: Source, profile: Profile, sample: str) -> Parsed:
    settings = replace(rules.settings_of(source.settings), profile=profile)
    return bank_csv.read(reading.open_file(sample.encode()), settings)


def _show(source: Source, *, profile: Profile | None, sample: str, fault: str = "", status: int = 200) -> Response:
    preview, trouble = None, ""
    if sample and profile and not fault:
        try:
            preview = _read(source, profile, sample)
        except Refusal as refused:
            trouble = refused.message
    return page(
        "console/statements/columns.html",
        block="mapper",
        status=status,
        source=source,
        profile=profile or Profile(date=""),
        sample=sample,
        headers=_headers(sample),
        preview=preview,
        shown=SHOWN,
        fault=fault,
        trouble=trouble,
    )


def _headers(sample: str) -> list[str]:
    """What stands in the row of the sample that is the header, as far as one can be made out."""
    if not sample:
        return []
    try:
        return [header for header in reading.sheet(reading.File(sample), bank_csv.GUESS).headers if header]
    except Refusal:
        return []
