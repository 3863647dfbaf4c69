"""Downloads from a server that cuts, lies, forgets and changes its mind."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from ivpt.data.fetch.http import download
from ivpt.errors import DataError, OutputError
from tests.data.server import ranged, send, serving, start_of

CONTENT = np.random.default_rng(0).bytes(700_000)


def get(url: str, target: Path, **more: object) -> bytes:
    download(url, target, pause=0.001, **{"patience": 5.0, **more})
    assert sorted(path.name for path in target.parent.iterdir()) == [target.name]
    return target.read_bytes()


def test_a_plain_download_tells_how_far_it_is(tmp_path):
    told = []
    with serving(CONTENT, lambda h, c, n: ranged(h, c)) as (url, requests):
        assert get(url, tmp_path / "x", progress=lambda *what: told.append(what)) == CONTENT
    assert len(requests) == 1
    assert "Range" not in requests[0]
    assert told
    assert all(done < total for done, total, _ in told)
    assert told[-1][2] == "downloading x (MB)"


def test_a_cut_connection_is_gone_on_with(tmp_path):
    with serving(CONTENT, lambda h, c, n: ranged(h, c, most=100_000)) as (url, requests):
        assert get(url, tmp_path / "x") == CONTENT
    assert [r.get("Range") for r in requests] == [None, *(f"bytes={n}00000-" for n in range(1, 7))]
    assert requests[1]["If-Range"] == '"one"'


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(tmp_path):
    target = tmp_path / "x"

    def first_half(h, c, n):
        if n == 0:
            ranged(h, c, most=350_000)
        else:
            send(h, b"", status=503)

    with serving(CONTENT, first_half) as (url, requests):
        with pytest.raises(DataError, match="503") as caught:
            download(url, target, attempts=2, pause=0.001)
        assert "350,000 bytes are there" in caught.value.hint
        assert not target.exists()
    kept = (tmp_path / "x.part").read_bytes()
    assert kept == CONTENT[:350_000]
    with serving(CONTENT, lambda h, c, n: ranged(h, c)) as (url, requests):
        note = tmp_path / "x.part.json"  # the test's server has another port now
        note.write_text(json.dumps(json.loads(note.read_text()) | {"url": url}))
        assert get(url, target) == CONTENT
        assert requests[0]["Range"] == "bytes=350000-"


def test_where_nothing_came_nothing_is_gone_on_from(tmp_path):
    with serving(CONTENT, lambda h, c, n: send(h, b"", status=503)) as (url, _), pytest.raises(DataError) as caught:
        download(url, tmp_path / "x", attempts=2, pause=0.001)
    assert "Nothing was received" in caught.value.hint and " 0 bytes" not in f" {caught.value.hint}"


def test_another_address_is_another_file(tmp_path):
    (tmp_path / "x.part").write_bytes(b"of something else")
    (tmp_path / "x.part.json").write_text('{"url": "http://elsewhere/", "total": 700000, "validator": ""}')
    with serving(CONTENT, lambda h, c, n: ranged(h, c)) as (url, requests):
        assert get(url, tmp_path / "x") == CONTENT
        assert "Range" not in requests[0]


def test_a_damaged_note_begins_anew(tmp_path):
    (tmp_path / "x.part").write_bytes(b"of something else")
    (tmp_path / "x.part.json").write_text('{"url": "htt')
    with serving(CONTENT, lambda h, c, n: ranged(h, c)) as (url, _):
        assert get(url, tmp_path / "x") == CONTENT


def test_a_server_that_ignores_ranges_sends_it_all_again(tmp_path):
    def ignores(h, c, n):
        send(h, c[: 300_000 if n == 0 else None], length=len(c))

    with serving(CONTENT, ignores) as (url, requests):
        assert get(url, tmp_path / "x") == CONTENT
    assert len(requests) == 2


def test_a_server_that_ignores_ranges_and_always_cuts_is_given_up(tmp_path):
    with (
        serving(CONTENT, lambda h, c, n: send(h, c[:300_000], length=len(c))) as (url, requests),
        pytest.raises(DataError, match="cut after 300,000 of 700,000"),
    ):
        download(url, tmp_path / "x", attempts=3, pause=0.001)
    assert 3 <= len(requests) <= 4


def test_a_file_that_changes_on_the_server_is_begun_anew(tmp_path):
    newer = CONTENT[::-1]

    def changes(h, c, n):
        ranged(h, c, most=300_000) if n == 0 else ranged(h, newer, etag='"two"')

    with serving(CONTENT, changes) as (url, requests):
        assert get(url, tmp_path / "x") == newer
    assert requests[1]["If-Range"] == '"one"'


def test_without_a_validator_another_length_begins_anew(tmp_path):
    newer = CONTENT[:500_000][::-1]

    def changes(h, c, n):
        ranged(h, c, most=300_000, etag="") if n == 0 else ranged(h, newer, etag="")

    with serving(CONTENT, changes) as (url, requests):
        assert get(url, tmp_path / "x") == newer
    assert "If-Range" not in requests[1]


def test_the_wrong_part_is_not_glued_on(tmp_path):
    def wrong(h, c, n):
        if n == 1:
            body = c[100:]
            send(h, body, status=206, Content_Range=f"bytes 100-{len(c) - 1}/{len(c)}")
        else:
            ranged(h, c, most=300_000 if n == 0 else None)

    with serving(CONTENT, wrong) as (url, _):
        assert get(url, tmp_path / "x") == CONTENT


def test_a_part_without_saying_which_is_not_glued_on(tmp_path):
    def silent(h, c, n):
        send(h, c[start_of(h) :], status=206) if n == 1 else ranged(h, c, most=300_000 if n == 0 else None)

    with serving(CONTENT, silent) as (url, _):
        assert get(url, tmp_path / "x") == CONTENT


def test_a_shorter_file_than_what_is_there_begins_anew(tmp_path):
    newer = CONTENT[:200_000]

    def shrinks(h, c, n):
        if n == 0:
            ranged(h, c, most=300_000)
        elif "Range" in h.headers:
            send(h, b"", status=416, Content_Range=f"bytes */{len(newer)}")
        else:
            ranged(h, newer)

    with serving(CONTENT, shrinks) as (url, _):
        assert get(url, tmp_path / "x") == newer


def test_a_server_that_announces_more_than_it_has_is_given_up(tmp_path):
    with (
        serving(CONTENT, lambda h, c, n: send(h, c, length=len(c) + 1000)) as (url, _),
        pytest.raises(DataError, match="cut after 700,000 of 701,000"),
    ):
        download(url, tmp_path / "x", attempts=2, pause=0.001)
    assert not (tmp_path / "x").exists()


def test_a_size_other_than_the_published_one_is_another_file(tmp_path):
    with (
        serving(CONTENT, lambda h, c, n: send(h, c, length=1000)) as (url, requests),
        pytest.raises(DataError, match="has 1,000 bytes, and 700,000 are published"),
    ):
        download(url, tmp_path / "x", size=700_000, pause=0.001)
    assert len(requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_size_ends_with_the_connection(tmp_path):
    def unknown(h, c, n):
        h.send_response(200)
        h.end_headers()
        h.wfile.write(c)

    with serving(CONTENT, unknown) as (url, _):
        assert get(url, tmp_path / "x") == CONTENT


def test_an_unknown_size_is_held_against_the_published_one(tmp_path):
    def unknown(h, c, n):
        h.send_response(200)
        h.end_headers()
        h.wfile.write(c[:1000])

    with serving(CONTENT, unknown) as (url, _), pytest.raises(DataError, match="after 1,000 of 700,000"):
        download(url, tmp_path / "x", size=700_000, attempts=2, pause=0.001)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_the_server_does_not_have_is_said_at_once(tmp_path, status):
    with (
        serving(CONTENT, lambda h, c, n: send(h, b"", status=status)) as (url, requests),
        pytest.raises(DataError, match=f"says {status}"),
    ):
        download(url, tmp_path / "x")
    assert len(requests) == 1


def test_a_busy_server_is_asked_again(tmp_path):
    def busy(h, c, n):
        send(h, b"", status=503 if n == 0 else 429) if n < 2 else ranged(h, c)

    with serving(CONTENT, busy) as (url, requests):
        assert get(url, tmp_path / "x") == CONTENT
    assert len(requests) == 3


def test_a_silent_server_is_not_waited_for_forever(tmp_path):
    def hangs(h, c, n):
        time.sleep(1.0)

    with serving(CONTENT, hangs) as (url, _), pytest.raises(DataError, match="does not answer"):
        download(url, tmp_path / "x", attempts=1, patience=0.2, pause=0.001)


def test_nobody_there(tmp_path):
    with pytest.raises(DataError, match="refused"):
        download("http://127.0.0.1:9/x", tmp_path / "x", attempts=2, pause=0.001)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x"])
def test_redirections_to_files_and_other_schemes_are_not_followed(tmp_path, place):
    with (
        serving(CONTENT, lambda h, c, n: send(h, b"", status=302, Location=place)) as (url, _),
        pytest.raises(DataError, match=r"not followed|not allowed|unknown"),
    ):
        download(url, tmp_path / "x", attempts=1, pause=0.001)
    assert list(tmp_path.iterdir()) == []


def test_a_redirection_within_the_web_is_followed(tmp_path):
    def moves(h, c, n):
        send(h, b"", status=302, Location="/elsewhere") if n == 0 else ranged(h, c)

    with serving(CONTENT, moves) as (url, _):
        assert get(url, tmp_path / "x") == CONTENT


def test_a_disk_that_is_too_small_is_said_before(tmp_path, monkeypatch):
    import ivpt.data.fetch.http as module

    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with serving(CONTENT, lambda h, c, n: ranged(h, c)) as (url, _), pytest.raises(OutputError, match="are free"):
        download(url, tmp_path / "x")
