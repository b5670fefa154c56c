"""The locked room: a process that reads one hostile file, writes its pages anew, and can do nothing else.

Started by `reading`, with the file as standard input and the result as standard output; both are memory. It imports
what it needs, locks itself in, and only then looks at the file.

What holds everywhere: bounds on processor time and output, no other file, an empty environment, and whoever started it
kills it at a deadline. On Linux memory is bounded, and (x86-64, ARM64) the kernel refuses every system call but a short
list: no file is opened, no connection made, no process begun or killed, whatever code runs in here, root's included;
where the kernel does not, the file is not looked at. What does not hold: elsewhere (macOS) code that took over this
process could connect to the network, and everywhere it could lie about what it read; so its answer is bounded and
checked, and a page of it that is to be shown is opened in such a room again, to be marked.
"""

import ctypes
import hashlib
import io
import json
import os
import platform
import resource
import signal
import struct
import sys
import warnings
from collections.abc import Mapping
from typing import NoReturn

import pypdfium2
import pypdfium2.raw
from PIL import (
    Image,
    ImageDraw,
    ImageFont,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
)

CPU_SECONDS = 10
MEMORY_BYTES = 1024 * 1024 * 1024
RESULT_BYTES = 48 * 1024 * 1024
EDGE_MAX = 3000  # of what is kept: enough to read small print on a page
EDGE_MIN = 32
PDF_EDGE_MAX = 2200
PDF_SCALE = 150 / 72  # 150 dots per inch
QUALITY = 88
MARKED_EDGE_MAX = 1600
INK = (110, 110, 110, 105)
SQUARE = (9, 8)  # eight differences in each of eight lines
NOISE = 3  # of 255: what lossy compression makes of a plain surface

_LOADED = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin)  # nothing can be imported later

# prctl(2), seccomp(2), bpf: what the kernel is told.
_DEATH_SIGNAL, _NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 1, 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # (denied: EPERM)
# The calls that are left: memory, the three files that are open, the clock, and the end.
_CALLS = {
    "x86_64": (0xC000003E, {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8,
        "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "mremap": 25, "madvise": 28,
        "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sigaltstack": 131,
        "sched_yield": 24, "futex": 202, "clock_gettime": 228, "gettimeofday": 96, "getrandom": 318,
        "getpid": 39, "gettid": 186, "exit": 60, "exit_group": 231,
    }),
    "aarch64": (0xC00000B7, {
        "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62,
        "mmap": 222, "mprotect": 226, "munmap": 215, "brk": 214, "mremap": 216, "madvise": 233,
        "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "sigaltstack": 132,
        "sched_yield": 124, "futex": 98, "clock_gettime": 113, "gettimeofday": 169, "getrandom": 278,
        "getpid": 172, "gettid": 178, "exit": 93, "exit_group": 94,
    }),
}  # fmt: skip


class Refused(Exception):
    """The file is not taken; the word says why."""


def main(arguments: list[str]) -> None:
    """Read the file of this kind and size from standard input, write the answer, and end.

    What follows the file is a mark: words to be drawn across it.
    """
    kind, size = arguments[0], int(arguments[1])
    pypdfium2.raw.FPDF_InitLibrary()  # (it looks for fonts when it begins; what it does not find it has itself)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # counted below, before anything is decoded
    ImageFont.load_default(MARKED_EDGE_MAX // 40)  # (what it loads it has from here on)
    if not _lock() and sys.platform == "linux":
        _answer({"refused": "unlocked"}, [])
    facts: dict[str, object] = {}
    pages: list[bytes] = []
    try:
        body, mark = sys.stdin.buffer.read(size), sys.stdin.buffer.read().decode()
        for told, page in _read(body, kind, arguments, mark):
            facts.setdefault("pages", []).append(told)  # type: ignore[attr-defined]
            pages.append(page)
    except Refused as refused:
        facts, pages = {**facts, "refused": str(refused)}, []
    except MemoryError:
        facts, pages = {"refused": "too_much"}, []
    except Exception as error:  # noqa: BLE001 (whatever a hostile file makes of the libraries)
        facts, pages = {**facts, "refused": "unreadable", "error": type(error).__name__}, []
    _answer(facts, pages)


def _answer(facts: dict[str, object], pages: list[bytes]) -> NoReturn:
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + b"".join(pages))
    sys.stdout.buffer.flush()
    os._exit(0)  # nothing is tidied up: that would be more code that a file may have prepared for


def _lock() -> bool:
    """Give up everything that is not needed: whether the kernel holds the door as well."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))  # (first by a signal that says why)
    resource.setrlimit(resource.RLIMIT_FSIZE, (RESULT_BYTES, RESULT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if sys.platform != "linux":
        return False
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)  # it does not outlive its worker
    known = _CALLS.get(platform.machine())
    if known is None or libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    steps = _steps(*known)
    code = ctypes.create_string_buffer(b"".join(steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    return bool(libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


def _steps(architecture: int, calls: Mapping[str, int]) -> list[bytes]:
    """The kernel's filter: another architecture's calls kill, those on the list pass, any other is refused."""

    def step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    return [
        step(_LOAD, 4),  # the architecture
        step(_JUMP_IF_EQUAL, architecture, yes=1),
        step(_RETURN, _KILL),
        step(_LOAD, 0),  # the call's number
        *(step(_JUMP_IF_EQUAL, call, yes=len(calls) - place) for place, call in enumerate(calls.values())),
        step(_RETURN, _DENY),
        step(_RETURN, _ALLOW),
    ]


def _read(body: bytes, kind: str, arguments: list[str], mark: str) -> list[tuple[dict[str, object], bytes]]:
    if mark:
        return [_marked(body, kind, mark)]
    return _pages_of_pdf(body, arguments) if kind == "pdf" else [_picture(body, kind, arguments)]


def _picture(body: bytes, kind: str, arguments: list[str]) -> tuple[dict[str, object], bytes]:
    pixels_max = int(arguments[2])
    with Image.open(io.BytesIO(body), formats=(kind.upper(),)) as image:
        if image.width * image.height > pixels_max:
            raise Refused("too_many_pixels")
        if min(image.size) < EDGE_MIN:
            raise Refused("too_small")
        if kind == "jpeg":
            image.draft("RGB", (EDGE_MAX, EDGE_MAX))  # a large one need not be decoded whole
        image.load()
        return _written(ImageOps.exif_transpose(_shrunk(image)), kind)


def _pages_of_pdf(body: bytes, arguments: list[str]) -> list[tuple[dict[str, object], bytes]]:
    pages_max = int(arguments[3])
    try:
        pdf = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise Refused("password" if locked else "unreadable") from error
    if len(pdf) > pages_max:
        raise Refused("too_many_pages")
    if len(pdf) == 0:
        raise Refused("unreadable")
    made = []
    for number in range(len(pdf)):
        page = pdf[number]
        longest = max(page.get_size())
        if longest <= 0:
            raise Refused("unreadable")
        bitmap = page.render(scale=min(PDF_SCALE, PDF_EDGE_MAX / longest), may_draw_forms=False)
        made.append(_written(bitmap.to_pil(), "jpeg"))
        bitmap.close()
        page.close()
    return made


def _marked(body: bytes, kind: str, mark: str) -> tuple[dict[str, object], bytes]:
    """A page of ours as a PNG of modest size, with words across it again and again."""
    with Image.open(io.BytesIO(body), formats=(kind.upper(),)) as opened:
        opened.draft("RGB", (MARKED_EDGE_MAX, MARKED_EDGE_MAX))
        page = opened.convert("RGB")
    page.thumbnail((MARKED_EDGE_MAX, MARKED_EDGE_MAX))
    if mark.strip():
        page = Image.alpha_composite(page.convert("RGBA"), _veil(page.size, mark))
    return _written(page, "png")


def _veil(size: tuple[int, int], words: str) -> Image.Image:
    """The words in rows, a little askew, over all of a picture of this size."""
    height = max(12, max(size) // 40)
    font = ImageFont.load_default(height)
    wide = int(font.getlength(words)) + 3 * height
    side = int((size[0] ** 2 + size[1] ** 2) ** 0.5) + 1
    veil = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(veil)
    for row, top in enumerate(range(0, side, 5 * height)):
        for left in range(-(row % 2) * wide // 2, side, wide):
            pen.text((left, top), words, font=font, fill=INK)
    turned = veil.rotate(25)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _shrunk(image: Image.Image) -> Image.Image:
    """In plain colours, without what shines through, no larger than is kept."""
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    exif = image.info.get("exif")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        clear = image.convert("RGBA")
        plain = Image.new("RGB", image.size, "white")
        plain.paste(clear, mask=clear.getchannel("A"))
    else:
        plain = image.convert("RGB")
    plain.thumbnail((EDGE_MAX, EDGE_MAX))
    plain.info = {"exif": exif} if exif else {}  # which way up it is, read once more and not kept
    return plain


def _written(image: Image.Image, kind: str) -> tuple[dict[str, object], bytes]:
    """The page anew from its pixels alone, and what is known of it."""
    pixels = image.convert("RGB")
    bare = Image.frombytes("RGB", pixels.size, pixels.tobytes())  # nothing else comes along
    out = io.BytesIO()
    if kind == "png":
        bare.save(out, "PNG", compress_level=3)
    else:
        bare.save(out, "JPEG", quality=QUALITY)
    told = {
        "size": out.tell(),
        "width": bare.width,
        "height": bare.height,
        "digest": hashlib.sha256(f"{bare.width}x{bare.height}:".encode() + bare.tobytes()).hexdigest(),
        "likeness": _likeness(bare),
    }
    return told, out.getvalue()


def _likeness(image: Image.Image) -> int:
    """Which of neighbouring spots is clearly lighter, on a small grey copy: 64 bits, as a signed number."""
    small = image.convert("L").resize(SQUARE, Image.Resampling.BOX).tobytes()
    across, down = SQUARE
    spots = [y * across + x for y in range(down) for x in range(across - 1)]
    bits = sum(1 << place for place, spot in enumerate(spots) if small[spot] > small[spot + 1] + NOISE)
    return bits - (1 << 64) if bits >> 63 else bits


if __name__ == "__main__":
    main(sys.argv[1:])
