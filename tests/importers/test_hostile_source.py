"""Source that would harm who runs it, or exhaust who reads it: refused with its file, its line and the limit."""

import os

import pytest

RUNS = "import pathlib; pathlib.Path(__file__).with_name('ran').touch()\n"
TASK = "from celery import shared_task\n@shared_task\ndef f(): ...\n"
HOSTILE = [
    ("x = " + "(" * 90_000 + ")" * 90_000, 1, "too many nested parentheses"),
    ("\nx = " + "-" * 100_000 + "1", 0, "deep"),
    ("\n\nx = a" + ".b" * 50_000, None, "deep"),
    ("\nx = 1" + "+1" * 50_000, None, "deep"),
    ("\nx = " + "lambda: " * 400 + "1", None, "deep"),
    ("\n" + "".join(f"{' ' * depth}if x:\n" for depth in range(200)) + " " * 200 + "pass", 102, "too many levels"),
    ("a = 1\nb = '\0'\n", 2, "has a null byte"),
    (b"a = 1\nb = '\xff'\n", 2, "is not utf-8"),
    (b"# coding: punycode\na = 1\n", 1, "is in punycode: save it as UTF-8"),
    (b"# coding: hex\na = 1\n", 1, "is in hex: save it as UTF-8"),
    (b"# coding: nonsense\na = 1\n", 1, "unknown encoding"),
    ("a = 1\ndef f(:\n", 2, "is no Python of this version"),
]


@pytest.mark.parametrize(("content", "line", "words"), HOSTILE, ids=[words for _, _, words in HOSTILE])
def test_a_file_is_refused_and_the_others_are_read(import_celery, tmp_path, content, line, words):
    (tmp_path / "bad.py").write_bytes((content if isinstance(content, bytes) else content.encode()) + b"\n# celery")
    (tmp_path / "tasks.py").write_text(TASK)
    document, refusal = import_celery()
    (found,) = [each for each in document["findings"] if each["verdict"] == "refused"]
    assert (found["path"], words in found["words"]) == ("bad.py", True), found
    assert line is None or found["line"] == line
    assert document["moved"] == ["tasks.f"] and "1 files were refused" in refusal


def test_what_is_not_too_deep_is_rewritten(import_celery, tmp_path):
    (tmp_path / "tasks.py").write_text(TASK + "x = " + "[" * 90 + "]" * 90 + "\n")
    assert import_celery("--write")[0]["moved"] == ["tasks.f"]


def test_a_file_of_50_mb_is_not_read(import_celery, tmp_path):
    with (tmp_path / "bad.py").open("wb") as file:
        file.write(b"a = 1\n")
        file.truncate(50 * 2**20)
    document, _ = import_celery()
    assert "has 52,428,800 bytes, and a file may have 524,288" in document["findings"][0]["words"]


def test_links_and_pipes_are_not_followed(import_celery, tmp_path):
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "outside.py").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.py")
    document, _ = import_celery()
    found = {each["path"]: each["words"] for each in document["findings"]}
    assert found == {
        "loop.py": "is a symbolic link, and links are not followed",
        "outside.py": "is a symbolic link, and links are not followed",
        "pipe.py": "is no regular file",
    }


def test_nothing_is_run(import_celery, tmp_path):
    (tmp_path / "tasks.py").write_text(RUNS + TASK + "f.delay()\n")
    assert import_celery("--write")[0]["written"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["tasks.py"]
