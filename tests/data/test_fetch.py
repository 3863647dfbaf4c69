"""From the address of an archive to a data set that can be used."""

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from ivpt.data.cub import Cub
from ivpt.data.fetch.fetch import fetch
from ivpt.data.places import missing
from ivpt.errors import DataError
from ivpt.interfaces.source import Download, Source
from tests import trees
from tests.data.server import ranged, send, serving


def packed(folder: Path) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as out:
        for path in sorted(folder.iterdir()):
            out.add(path, path.name)
    return stream.getvalue()


@pytest.fixture
def archive(tmp_path):
    return packed(trees.cub(tmp_path / "made"))


def source(root: Path, url: str, content: bytes, *, checksum: str | None = "", gives: str = "CUB_200_2011/images.txt"):
    digest = f"md5:{hashlib.md5(content).hexdigest()}" if checksum == "" else checksum or ""
    place = "https://example.org/checksums" if digest else ""
    return replace(
        Cub(root=str(root)).source,
        downloads=(Download(url.replace("file.bin", "cub.tgz"), (gives,), checksum=digest, checksum_from=place),),
    )


def test_a_data_set_is_there_after_it_was_fetched(tmp_path, archive):
    root = tmp_path / "root"
    with serving(archive, lambda h, c, n: ranged(h, c, most=len(c) // 2 + 1)) as (url, requests):
        wanted = source(root, url, archive)
        assert missing(wanted)
        (found,) = fetch(wanted, pause=0.001)
        assert len(requests) == 2
        assert (found.file, found.bytes) == ("cub.tgz", len(archive))
        assert found.verified == "https://example.org/checksums"
        assert missing(wanted) == []
        assert [path.name for path in root.iterdir()] == ["CUB_200_2011"]
        assert len(Cub(root=str(root)).records()) == 6
        (again,) = fetch(wanted, pause=0.001)
        assert again.bytes == 0
        assert len(requests) == 2


def test_without_a_published_checksum_nothing_is_called_verified(tmp_path, archive):
    with serving(archive, lambda h, c, n: ranged(h, c)) as (url, _):
        (found,) = fetch(source(tmp_path / "root", url, archive, checksum=None), pause=0.001)
    assert found.verified == ""


def test_another_checksum_leaves_nothing_behind(tmp_path, archive):
    root = tmp_path / "root"
    with (
        serving(archive, lambda h, c, n: ranged(h, c)) as (url, _),
        pytest.raises(DataError, match=f"and {'0' * 32} is published"),
    ):
        fetch(source(root, url, archive, checksum="md5:" + "0" * 32), pause=0.001)
    assert list(root.iterdir()) == []


def test_a_server_that_announces_too_little_is_found_out(tmp_path, archive):
    with (
        serving(archive, lambda h, c, n: send(h, c, length=len(c) // 2)) as (url, _),
        pytest.raises(DataError, match="cannot be unpacked"),
    ):
        fetch(source(tmp_path / "root", url, archive, checksum=None), pause=0.001)
    assert not (tmp_path / "root" / "CUB_200_2011").exists()


def test_a_login_page_is_no_data_set(tmp_path):
    page = b"<html>Please log in</html>"
    with (
        serving(page, lambda h, c, n: ranged(h, c)) as (url, _),
        pytest.raises(DataError, match="cannot be unpacked") as caught,
    ):
        fetch(source(tmp_path / "root", url, page, checksum=None), pause=0.001)
    assert "web page" in caught.value.hint


def test_an_archive_without_what_it_should_hold(tmp_path, archive):
    with (
        serving(archive, lambda h, c, n: ranged(h, c)) as (url, _),
        pytest.raises(DataError, match=r"nabirds\.txt is not in it"),
    ):
        fetch(source(tmp_path / "root", url, archive, gives="nabirds.txt"), pause=0.001)


def test_a_hostile_archive_writes_nothing_outside(tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as out:
        info = tarfile.TarInfo("../../evil")
        info.size = 4
        out.addfile(info, io.BytesIO(b"evil"))
    with (
        serving(stream.getvalue(), lambda h, c, n: ranged(h, c)) as (url, _),
        pytest.raises(DataError, match="it would write to"),
    ):
        fetch(source(tmp_path / "root", url, stream.getvalue()), pause=0.001)
    assert [path.name for path in tmp_path.rglob("*")] == ["root", "cub.tgz"]


def test_a_file_that_is_no_archive_is_put_where_it_belongs(tmp_path):
    with serving(b"a,b\n", lambda h, c, n: ranged(h, c)) as (url, _):
        item = Download(url.replace("file.bin", "list.csv"), ("tables/list.csv",), into="tables")
        fetch(Source(tmp_path / "root", downloads=(item,)), pause=0.001)
    assert (tmp_path / "root" / "tables" / "list.csv").read_bytes() == b"a,b\n"


def test_without_a_folder_there_is_nowhere_to_put_it():
    with pytest.raises(DataError, match="no folder"):
        fetch(Source(None))


def test_a_checksum_needs_its_source():
    with pytest.raises(ValueError, match="give both or none"):
        Download("http://x/y.zip", (), checksum="md5:0")
