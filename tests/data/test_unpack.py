"""Archives that want to be elsewhere, link, lie or burst."""

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from ivpt.data.fetch.unpack import is_archive, unpack
from ivpt.errors import DataError


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as out:
        for info, content in members:
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def below(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "deep" / "out"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_honest_tar_files(tmp_path, out, mode):
    told = []
    archive = tar(
        tmp_path / "a.bin",
        (member("./", tarfile.DIRTYPE), b""),
        (member("./a/", tarfile.DIRTYPE), b""),
        (member("./a/x.txt"), b"hello"),
        (member("a/b/c/y y.txt"), b""),
        (member("z" * 150 + "/" + "é" * 40), b"long name"),
        mode=mode,
    )
    unpack(archive, out, progress=lambda *what: told.append(what))
    assert below(out) == {"a/x.txt": b"hello", "a/b/c/y y.txt": b"", "z" * 150 + "/" + "é" * 40: b"long name"}
    assert told[-1] == (5, 6, "unpacking a.bin")


def test_honest_zip_files(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a/", "")
        made.writestr("a/x.txt", "hello")
        made.writestr("b.txt", "")
    unpack(tmp_path / "a.zip", out)
    assert below(out) == {"a/x.txt": b"hello", "b.txt": b""}


NAMES = [
    "../evil",
    "/evil",
    "a/../../evil",
    "a//evil",
    "..\\evil",
    "C:\\evil",
    "C:evil",
    "a/./evil",
    "..",
    "a\nb",
    "a/..",
]


@pytest.mark.parametrize("name", NAMES)
def test_tar_members_that_would_be_elsewhere(tmp_path, out, name):
    archive = tar(tmp_path / "a.tgz", (member("good.txt"), b"x"), (member(name), b"evil"))
    with pytest.raises(DataError, match="it would write to"):
        unpack(archive, out)
    assert below(tmp_path) == {"a.tgz": archive.read_bytes()}
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", [name for name in NAMES if "\\" not in name])
def test_zip_members_that_would_be_elsewhere(tmp_path, out, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("good.txt", "x")
        made.writestr(name, "evil")
    with pytest.raises(DataError, match="it would write to"):
        unpack(tmp_path / "a.zip", out)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (tarfile.SYMTYPE, "/etc"),
        (tarfile.SYMTYPE, "good.txt"),
        (tarfile.LNKTYPE, "good.txt"),
        (tarfile.LNKTYPE, "../../secret"),
        (tarfile.FIFOTYPE, ""),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
    ],
)
def test_links_and_devices_in_tar_files(tmp_path, out, kind, link):
    archive = tar(tmp_path / "a.tgz", (member("good.txt"), b"x"), (member("link", kind, link), b""))
    with pytest.raises(DataError, match="neither a file nor a folder"):
        unpack(archive, out)
    assert list(out.iterdir()) == []


def test_links_in_zip_files(tmp_path, out):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        unpack(tmp_path / "a.zip", out)
    assert list(out.iterdir()) == []


def test_modes_and_owners_are_not_taken_over(tmp_path, out):
    unpack(tar(tmp_path / "a.tgz", (member("run", mode=0o4777), b"x")), out)
    mode = (out / "run").stat().st_mode
    assert not mode & (stat.S_ISUID | stat.S_IXUSR)
    assert (out / "run").stat().st_uid == os.getuid()


@pytest.fixture
def small(monkeypatch):
    """Limits that a test reaches in no time."""
    import ivpt.data.fetch.unpack as module

    monkeypatch.setattr(module, "SPARE", 100_000)
    monkeypatch.setattr(module, "_LARGEST_READ", 50_000)


ZEROS = bytes(2_000_000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_bombs_in_tar_files(tmp_path, out, mode):
    with pytest.raises(DataError, match="far larger unpacked"):
        unpack(tar(tmp_path / "a.tgz", (member("zeros"), ZEROS), mode=mode), out)
    assert list(out.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_bombs_in_zip_files(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for n in range(20):
            made.writestr(f"zeros{n}", ZEROS[:100_000])
    with pytest.raises(DataError, match="far larger unpacked"):
        unpack(tmp_path / "a.zip", out)
    assert list(out.iterdir()) == []


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", [b"x", b"L", b"g"])
def test_bombs_in_headers_that_tarfile_reads_at_once(tmp_path, out, kind):
    header = tarfile.TarInfo("x")
    header.type, header.size = kind, len(ZEROS)
    raw = header.tobuf(tarfile.GNU_FORMAT) + ZEROS + bytes(-len(ZEROS) % 512) + bytes(1024)
    (tmp_path / "a.tgz").write_bytes(gzip.compress(raw))
    with pytest.raises(DataError, match="far larger unpacked"):
        unpack(tmp_path / "a.tgz", out)


@pytest.mark.usefixtures("small")
def test_bombs_between_members(tmp_path, out):
    # A forged size makes tarfile skip forward through what is unpacked on the way.
    header = tarfile.TarInfo("d")
    header.type, header.size = tarfile.CHRTYPE, 0
    raw = bytearray(member("x").tobuf())
    raw[124:136] = b"77777777777\0"  # 8 GiB
    raw[148:156] = b"        "
    raw[148:156] = f"{sum(raw[:512]):06o}\0 ".encode()
    (tmp_path / "a.tgz").write_bytes(gzip.compress(bytes(raw) + ZEROS))
    with pytest.raises(DataError, match="far larger unpacked"):
        unpack(tmp_path / "a.tgz", out)
    assert list(out.iterdir()) == []


def test_a_zip_that_lies_about_its_sizes_is_damaged(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", ZEROS)
    raw = bytearray((tmp_path / "a.zip").read_bytes())
    size = len(ZEROS).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(bytes(raw).replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(tmp_path / "a.zip", out)
    assert list(out.iterdir()) == []


def test_too_many_files(tmp_path, out, monkeypatch):
    import ivpt.data.fetch.unpack as module

    monkeypatch.setattr(module, "MAX_FILES", 3)
    with pytest.raises(DataError, match="far larger unpacked"):
        unpack(tar(tmp_path / "a.tgz", *((member(f"{n}"), b"") for n in range(5))), out)


def test_encrypted_zip_files(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("x", "hello")
    raw = bytearray((tmp_path / "a.zip").read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(DataError, match="encrypted"):
        unpack(tmp_path / "a.zip", out)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html>Please log in</html>",
        b"\x1f\x8b",
        gzip.compress(b"no tar in here" * 100),
        lzma.compress(b"x" * 2000),
        bz2.compress(b"x"),
        b"PK\x05\x06",
    ],
)
def test_what_is_no_archive(tmp_path, out, content):
    (tmp_path / "a.tgz").write_bytes(content)
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(tmp_path / "a.tgz", out)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_truncated_archives(tmp_path, out, keep):
    archive = tar(tmp_path / "a.tgz", *((member(f"{n}"), os.urandom(3000)) for n in range(10)))
    archive.write_bytes(archive.read_bytes()[: int(keep * archive.stat().st_size)])
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(archive, out)
    assert list(out.iterdir()) == []


def test_nothing_is_overwritten(tmp_path, out):
    (out / "a").mkdir(parents=True)
    (out / "a" / "mine").write_text("mine")
    with pytest.raises(DataError, match="holds a, which is in"):
        unpack(tar(tmp_path / "x.tgz", (member("a/b"), b"x"), (member("c"), b"x")), out)
    assert below(out) == {"a/mine": b"mine"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a.tgz", True), ("a.tar.gz", True), ("A.ZIP", True), ("a.tar", True), ("a.csv", False), ("zip", False)],
)
def test_names_of_archives(name, wanted):
    assert is_archive(name) == wanted
