"""The checker over real sockets: a good origin passes, one that misbehaves does not, and what is no stream gets a sentence."""

import json
import ssl
import subprocess
from functools import partial

import pytest
import trio

from bench.llhls_check.__main__ import main
from bench.llhls_check.gather import UnusableError, observe, short_names
from bench.llhls_check.questions import with_query
from bench.llhls_check.report import exit_code, render_json, render_text
from bench.llhls_check.verdicts import Outcome, judge
from tests.bench.llhls_server import answering, serving

pytestmark = pytest.mark.real
TIME = "time"


async def test_a_good_origin_passes() -> None:
    async with serving() as url:
        seen = await observe(url, seconds=4)
    verdicts = judge(seen)
    text = render_text(seen, verdicts)
    failed = [one.rule.id for one in verdicts if one.outcome is Outcome.FAIL and one.rule.layer != TIME]
    assert failed == [], text
    asked = {one.rule.id for one in verdicts if one.outcome is not Outcome.NOT_APPLICABLE}
    assert {"A9", "C12", "E12", "F1", "F2", "F5", "F6", "F7", "F8", "F9", "F10", "F13", "F15", "G3"} <= asked
    found = json.loads(render_json(seen, verdicts))
    assert [one["name"] for one in found["renditions"]] == ["video", "audio"]
    assert found["exit_code"] == exit_code(seen, verdicts)
    assert len(found["rules"]) == len(verdicts)


FAULTS = {
    "does not block": "F6",
    "takes a part alone": "F9",
    "no delta": "F1",
    "refuses hints": "F13",
    "wrong hint": "C12",
    "wandering target": "E1",
    "trickle": "F14",
    "gone": "E8",
}


@pytest.mark.parametrize(("fault", "number"), FAULTS.items())
async def test_a_misbehaving_origin_is_found_out(fault: str, number: str) -> None:
    async with serving(fault) as url:
        seen = await observe(url, seconds=3)
    verdicts = judge(seen)
    found = next(one for one in verdicts if one.rule.id == number)
    assert found.outcome is Outcome.FAIL, render_text(seen, verdicts)
    assert exit_code(seen, verdicts) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder = tmp_path_factory.mktemp("tls")
    files = (str(folder / "cert.pem"), str(folder / "key.pem"))
    names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    subprocess.run([*command, "-out", files[0], "-keyout", files[1], *names], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    return context


async def test_an_edge_with_tls_is_asked_for_http2(certificate: ssl.SSLContext) -> None:
    async with serving(tls=certificate) as url:
        with pytest.raises(UnusableError, match=r"cannot be reached: .*certificate"):
            await observe(url, seconds=1)
        seen = await observe(url, seconds=2, edge=True, verify=False)
    found = {one.rule.id: one.outcome for one in judge(seen)}
    assert (found["G4"], found["G7"], found["G9"]) == (Outcome.FAIL, Outcome.FAIL, Outcome.PASS)
    assert found["F9"] is Outcome.PASS


PLAIN = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXTINF:4.0,
a.ts
#EXT-X-ENDLIST
"""


def respond(body: str, *, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (head + body).encode()


async def test_plain_hls_that_has_ended_is_checked_and_called_so() -> None:
    async with answering(respond(PLAIN)) as url:
        seen = await observe(url, seconds=2)
    verdicts = judge(seen)
    text = render_text(seen, verdicts)
    assert "This is plain HLS" in text
    assert exit_code(seen, verdicts) == 2
    assert next(one for one in verdicts if one.rule.id == "B9").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (respond("<html></html>"), "is no HLS playlist"),
        (respond("", status="404 Not Found"), "answers with status 404"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be reached"),
        (respond("#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS\n"), "without a single media playlist"),
    ],
)
async def test_what_cannot_be_checked_gets_a_sentence(answer: bytes, sentence: str) -> None:
    async with answering(answer) as url:
        with pytest.raises(UnusableError, match=sentence):
            await observe(url, seconds=2)


def test_the_command_says_what_is_wrong_with_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "is no http:// or https:// address" in capsys.readouterr().err
    assert main(["http://127.0.0.1:1/index.m3u8"]) == 2
    assert "cannot be reached: connection refused" in capsys.readouterr().err
    assert main(["http://127.0.0.1:1/index.m3u8", "--seconds", "0"]) == 2


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> int:
        async with serving() as url:
            return await trio.to_thread.run_sync(partial(main, [url, "--seconds", "2", "--json"]))

    code = trio.run(run)
    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == code
    assert found["low_latency"]


def test_directives_go_behind_a_query() -> None:
    assert with_query("http://h/a.m3u8?t=1", msn=2, part=3) == "http://h/a.m3u8?t=1&_HLS_msn=2&_HLS_part=3"
    assert with_query("http://h/a.m3u8", skip="YES") == "http://h/a.m3u8?_HLS_skip=YES"


def test_renditions_are_named_by_what_differs() -> None:
    assert short_names(["x/video/index.m3u8", "x/audio/index.m3u8"]) == {
        "x/video/index.m3u8": "video",
        "x/audio/index.m3u8": "audio",
    }
    assert short_names(["a.m3u8", "b/c.m3u8"]) == {"a.m3u8": "a.m3u8", "b/c.m3u8": "b/c.m3u8"}
