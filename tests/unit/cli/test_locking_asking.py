"""lock of packages that nobody recorded: the index is asked without a flag, and what it told is kept."""

from __future__ import annotations

import sys

from own_index import add, files

NEXT = "written to locks/gpu; `interlock install gpu PREFIX` installs it\n"
MADE = "gpu: torch 2.9.1, python 3.12, cuda 12.8, cudnn 9.10.2.21; 29 packages by pip, 27 packages by conda"
ASKED = """\
asked the package index for 2 packages beyond the record, 5 releases read
passed over: helper-2.1-py3-none-any.whl asks for "broken (>=1.9.*)", which is no requirement: \
.* suffix can only be used with `==` or `!=` operators
"""
NOT_RECORDED = """\
interlock: it is not known whether gpu has a solution, because
  the request: own-tool>=1  [profile gpu]
  own-tool: the snapshot does not hold it ({})  [the snapshot]
would work: without own-tool>=1 -> python 3.12, cuda 12.8, cudnn 9.10.2.21, torch 2.9.1
"""


def test_what_the_record_lacks_is_asked_for_and_kept(index, interlock, tmp_path):
    assert interlock("lock", "--no-pylock") == (0, f"{MADE}\n{NEXT}", ASKED)
    made = files(tmp_path / "locks")
    pins = [line.split()[0] for line in made["gpu/requirements.txt"].decode().splitlines() if "==" in line]
    assert {"own-tool==2.0", "helper==2.0"} < set(pins)
    kept = files(tmp_path / "matrices")
    assert sorted(kept) == ["snapshot/kept/helper.jsonl", "snapshot/kept/own-tool.jsonl"]
    index.close()
    assert interlock("lock", "--no-pylock") == (0, f"{MADE} (unchanged)\n{NEXT}", "")
    assert interlock("lock", "--check") == (0, "gpu: fresh\n", "")
    assert (files(tmp_path / "locks"), files(tmp_path / "matrices")) == (made, kept)


def test_offline_nothing_is_asked(index, interlock, tmp_path):
    said = (4, "", NOT_RECORDED.format("without --offline the index is asked"))
    assert interlock("lock", "--no-pylock", "--offline") == said
    assert (index.requests, files(tmp_path).keys()) == ([], {"environment.yml.in"})


def test_what_was_kept_is_used_by_every_command(index, interlock):
    assert interlock("lock", "--no-pylock")[0] == 0
    index.close()
    assert interlock("diff", "gpu", "gpu")[0] == 0
    assert interlock("audit", "locks/gpu/requirements.txt")[0] == 0
    assert interlock("export", "constraints.txt", "gpu")[0] == 0
    code, out, err = interlock("explain", "torch==2.9.1", "own-tool", "python==3.12", "--offline")
    assert (code, out.splitlines()[0], err) == (0, "yes: torch==2.9.1, own-tool, python==3.12 can live together", "")


def test_a_release_that_was_not_kept_is_asked_for(index, interlock, tmp_path):
    assert interlock("lock", "--no-pylock")[0] == 0
    request = (tmp_path / "environment.yml.in").read_text()
    (tmp_path / "environment.yml.in").write_text(request.replace("own-tool>=1", "own-tool<2"))
    assert interlock("lock", "--no-pylock")[0] == 0
    assert '"version":"1.0"' in files(tmp_path)["matrices/snapshot/kept/own-tool.jsonl"].decode()
    assert '"version":"2.0"' not in files(tmp_path)["matrices/snapshot/kept/own-tool.jsonl"].decode()


def test_pins_that_are_kept_stay_until_newer_ones_are_asked_for(index, interlock, tmp_path):
    assert interlock("lock", "--no-pylock")[0] == 0
    add(index, "own-tool", {"2.0": ["helper>=2", "numpy"], "2.5": ["helper>=2", "numpy"]})
    assert interlock("lock", "--no-pylock") == (0, f"{MADE} (unchanged)\n{NEXT}", "")


def test_an_index_that_does_not_answer_is_told_once(index, interlock):
    index.close()
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, out) == (4, "")
    why = "the package index did not answer when asked for own-tool: Connection refused"
    assert err == NOT_RECORDED.format(why)


def test_an_unknown_extra_is_denied(index, interlock, tmp_path):
    request = (tmp_path / "environment.yml.in").read_text()
    (tmp_path / "environment.yml.in").write_text(request.replace("own-tool>=1", "helper[fsat]<2.1"))
    said = """\
interlock: gpu has no solution, because
  the request: helper[fsat]<2.1  [profile gpu]
  helper[fsat] 2.0: may not be chosen: it has no extra fsat; did you mean helper[fast]?  [metadata of helper 2.0]
  helper[fsat] 1.0: may not be chosen: it has no extra fsat  [metadata of helper 1.0]
would work: without helper[fsat]<2.1 -> python 3.12, cuda 12.8, cudnn 9.10.2.21, torch 2.9.1
"""
    assert interlock("lock", "--no-pylock") == (
        3,
        "",
        said + ASKED.replace("2 packages", "1 package").replace("5", "3"),
    )


def test_an_extra_is_a_fact_of_its_own(index, interlock, tmp_path):
    add(index, "fast-thing", {"1.0": []})
    request = (tmp_path / "environment.yml.in").read_text()
    (tmp_path / "environment.yml.in").write_text(request.replace("own-tool>=1", "helper[fast]"))
    assert interlock("lock", "--no-pylock")[0] == 0
    made = files(tmp_path / "locks")
    assert "fast-thing==1.0" in made["gpu/requirements.txt"].decode()
    index.close()
    assert interlock("lock", "--no-pylock")[0] == 0
    assert files(tmp_path / "locks") == made


def test_environments_are_called_by_the_request_and_the_profile(index, interlock, tmp_path):
    assert interlock("lock", "--no-pylock")[0] == 0
    file, request = tmp_path / "locks/gpu/environment.yml", tmp_path / "environment.yml.in"
    assert "\nname: mine-gpu\n" in file.read_text()
    request.write_text(request.read_text().removeprefix("name: mine\n"))
    assert interlock("lock", "--check")[1] == "gpu: the request was changed\n"
    assert interlock("lock", "--no-pylock")[0] == 0
    assert "\nname: gpu\n" in file.read_text()


def test_an_older_release_than_the_newest_eight_is_asked_for(index, interlock, tmp_path):
    add(index, "helper", {f"{number}.0": [] for number in range(1, 13)})
    add(index, "own-tool", {f"{number}.0": ["helper<2"] for number in range(1, 12)} | {"12.0": ["helper<1"]})
    assert interlock("lock", "--no-pylock")[0] == 0
    pins = (tmp_path / "locks/gpu/requirements.txt").read_text()
    assert "own-tool==11.0" in pins and "helper==1.0" in pins


def test_where_only_an_old_release_suits_the_request_it_is_found(index, interlock, tmp_path):
    add(index, "own-tool", {"1.0": ["numpy"]} | {f"{number}.0": ["torch<2"] for number in range(2, 14)})
    assert interlock("lock", "--no-pylock")[0] == 0
    assert "own-tool==1.0" in (tmp_path / "locks/gpu/requirements.txt").read_text()


def test_on_a_terminal_the_counts_grow_in_one_line(index, interlock, monkeypatch):
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda stream: True)
    code, _, err = interlock("lock", "--no-pylock")
    shown = [text.strip() for text in err.partition("passed over")[0].split("\r\x1b[2K")]
    counts = [tuple(int(word) for word in text.split() if word.isdigit()) for text in shown[1:]]
    assert (code, shown[0], counts[0], counts[-1]) == (0, "", (1, 0), (2, 5))
    assert counts == sorted(counts)
    assert all(text.endswith("read …") for text in shown[1:-1])
    assert shown[-1] == ASKED.splitlines()[0]


def test_a_second_question_has_its_listings_confirmed_and_reads_no_wheel_again(index, interlock):
    add(index, "helper", {"1.0": [], "2.0": []})
    for answer in index.answers.values():
        answer.headers["ETag"] = '"one"'
    words = ("explain", "own-tool", "python==3.12", "torch==2.9.1")
    first = interlock(*words)
    assert (first[0], first[1].splitlines()[0]) == (0, "yes: own-tool, python==3.12, torch==2.9.1 can live together")
    asked = len(index.requests)
    assert interlock(*words) == first
    assert index.requests[asked:] == [("/simple/own-tool/", None), ("/simple/helper/", None)]
    assert index.confirmed == ["/simple/own-tool/", "/simple/helper/"]
