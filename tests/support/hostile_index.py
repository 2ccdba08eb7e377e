"""A package index that lies: each kind is a listing of ``victim`` with one honest release and one that is none.

It is the fault server with listings of another kind. ``KINDS`` gives, by the name of the lie,
the second release's entry in the listing and what must be said of it.
"""

import hashlib
import json
from dataclasses import dataclass, field

from fault_server import JSON, Answer, make_wheel
from own_index import make_tar

NAME = "victim"
HONEST, LYING = "1.0", "2.0"
TAG = "py3-none-any.whl"
GOOD = make_wheel(NAME, LYING)
RIGHT = hashlib.sha256(GOOD).hexdigest()
WRONG_LISTING = "the listing is wrong about it: "


@dataclass
class Lie:
    """One way to lie."""

    sentence: str
    """What is said of the release when somebody asks for it."""
    filename: str = f"{NAME}-{LYING}-{TAG}"
    hashes: dict = field(default_factory=lambda: {"sha256": RIGHT})
    url: str | None = None
    wheel: bytes = GOOD
    metadata: bytes | None = None
    """PEP 658 metadata, vouched for by the listing."""
    also: tuple = ()
    """Further entries."""
    version: str = LYING
    more: dict = field(default_factory=dict)
    """Further keys of the entry."""

    @property
    def late(self):
        """Whether it shows only where the release's metadata are read."""
        return not self.sentence.startswith(WRONG_LISTING)


def lying_hash(text):
    return Lie(f"{WRONG_LISTING}{text!a} is no sha256 of 64 lower-case hex digits", hashes={"sha256": text})


def lying_name(name, version=LYING):
    return Lie(f"{WRONG_LISTING}{name!a} is no plain file name", filename=name, version=version)


def lying_address(url):
    return Lie(f"{WRONG_LISTING}{url!a} is no address", url=url)


def lying_metadata(text, sentence):
    return Lie(f"the metadata of {NAME}-{LYING}-{TAG} are not its own: {sentence}", metadata=text.encode())


def bad_requirement(text, why, shown=None):
    wheel = make_wheel(NAME, LYING, [text])
    sentence = f'{NAME}-{LYING}-{TAG} asks for "{shown or text}", which is no requirement: {why}'
    return Lie(sentence, wheel=wheel, hashes={"sha256": hashlib.sha256(wheel).hexdigest()})


def lying_archive(sentence, name, pkg_info):
    """A release without a wheel, whose source archive says ``pkg_info``."""
    body = make_tar({f"{NAME}-{LYING}/PKG-INFO": pkg_info})
    return Lie(sentence, name, hashes={"sha256": hashlib.sha256(body).hexdigest()}, wheel=body)


MANY = make_wheel(NAME, LYING, [f'a{number}; python_version < "3"' for number in range(10_001)])
SMUGGLED = f"{RIGHT}\n--index-url http://evil.invalid/simple\n--find-links /x\nintruder==1.0"

KINDS = {
    "hash with lines": Lie(
        f"{WRONG_LISTING}{ascii(SMUGGLED)[:110]} … is no sha256 of 64 lower-case hex digits",
        hashes={"sha256": SMUGGLED},
    ),
    "hash with a line end": lying_hash(f"{RIGHT}\n"),
    "hash that is an absolute path": lying_hash("/tmp/ABS"),
    "hash that leads upwards": lying_hash("../../../../OUTSIDE"),
    "short hash": lying_hash("abc"),
    "upper-case hash": lying_hash(RIGHT.upper()),
    "hash of other digits": Lie(
        f"{WRONG_LISTING}{ascii('١' * 64)[:110]} … is no sha256 of 64 lower-case hex digits",
        hashes={"sha256": "١" * 64},
    ),
    "empty hash": lying_hash(""),
    "name with a way up": lying_name(f"{NAME}-{LYING}-1/../../../../x-{TAG}"),
    "name with a folder": lying_name(f"{NAME}-{LYING}-1/x-{TAG}"),
    "name with a backslash": lying_name(f"{NAME}-{LYING}-1\\x-{TAG}"),
    "name with NUL": lying_name(f"{NAME}-{LYING}\0-{TAG}"),
    "name with a line end": lying_name(f"{NAME}-{LYING}-1\n--pre-{TAG}".replace("--", "__")),
    "name with a blank": lying_name(f"{NAME}-{LYING}-1 x-{TAG}"),
    "wheel of another project": Lie(
        f"{WRONG_LISTING}torch-{LYING}-{TAG} is a wheel of torch, not of victim", filename=f"torch-{LYING}-{TAG}"
    ),
    "address of a local file": Lie(
        f"{WRONG_LISTING}'file:///etc/passwd' is no address of the web", url="file:///etc/passwd"
    ),
    "address with a blank": lying_address("http://x.invalid/a b"),
    "one name with two hashes": Lie(
        f"{WRONG_LISTING}{NAME}-{LYING}-{TAG} is listed with two hashes",
        also=({"filename": f"{NAME}-{LYING}-{TAG}", "hashes": {"sha256": "0" * 64}},),
    ),
    "metadata of another project": lying_metadata("Name: other\nVersion: 2.0\n", "they are of other 2.0"),
    "metadata of another version": lying_metadata("Name: victim\nVersion: 7.0\n", "they are of victim 7.0"),
    "empty metadata": lying_metadata("", "they name no package and version"),
    "binary metadata": lying_metadata("\x00\x01\x02", "they name no package and version"),
    "metadata of no name": lying_metadata("Name: a b\nVersion: 2.0\n", "'a b' is no name of a package"),
    "metadata of no version": lying_metadata("Name: victim\nVersion: two\n", "'two' is no version"),
    "wheel whose own metadata are another's": Lie(
        f"the metadata of {NAME}-{LYING}-{TAG} are not its own: they are of other 2.0",
        wheel=make_wheel("other", LYING),
        hashes={"sha256": hashlib.sha256(make_wheel("other", LYING)).hexdigest()},
    ),
    "marker that cannot be evaluated": bad_requirement(
        'six; os_name ~= "1.0"', "its marker compares what has no order"
    ),
    "size of no file": Lie(f"{WRONG_LISTING}{NAME}-{LYING}-{TAG} has {2**70} bytes", more={"size": 2**70}),
    "more requirements than anybody has": Lie(
        f"{NAME}-{LYING}-{TAG} asks for more than 10000 requirements, or 500000 letters of them",
        wheel=MANY,
        hashes={"sha256": hashlib.sha256(MANY).hexdigest()},
    ),
    "requirement without end": bad_requirement(
        f"six {'x' * 400}",
        "Expected semicolon (after name with no version specifier) or end",
        f"six {'x' * 186} …",
    ),
    "archive of another project": lying_archive(
        f"the metadata of {NAME}-{LYING}.tar.gz are not its own: they are of other 2.0",
        f"{NAME}-{LYING}.tar.gz",
        "Metadata-Version: 2.2\nName: other\nVersion: 2.0\n",
    ),
    "archive of nothing": lying_archive(
        f"{NAME}-{LYING}.zip is no source archive that can be read: File is not a zip file", f"{NAME}-{LYING}.zip", ""
    ),
}


def serve(server, lie):
    """Put the honest release and the lying one on the fault server."""
    honest = make_wheel(NAME, HONEST)
    name = f"{NAME}-{HONEST}-{TAG}"
    server.add_wheel(name, honest)
    server.add_wheel("lying.whl", lie.wheel)
    entry = {"filename": lie.filename, "url": lie.url or f"{server.url}/files/lying.whl", "hashes": lie.hashes}
    entry |= lie.more
    if lie.metadata is not None:
        server.answers["/files/lying.whl.metadata"] = Answer(lie.metadata)
        entry["core-metadata"] = {"sha256": hashlib.sha256(lie.metadata).hexdigest()}
    entries = [
        {
            "filename": name,
            "url": f"{server.url}/files/{name}",
            "hashes": {"sha256": hashlib.sha256(honest).hexdigest()},
        },
        entry,
        *({"url": f"{server.url}/files/lying.whl", **more} for more in lie.also),
    ]
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": NAME, "files": entries, "versions": []})
    server.answers[f"/simple/{NAME}/"] = Answer(body.encode(), JSON)
